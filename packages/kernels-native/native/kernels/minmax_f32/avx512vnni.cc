#include <immintrin.h>

#include <cstdint>

#include "qk/minmax_f32.h"

// Method: a mask selects finite values (class test for NaN and infinities); the others leave the running extremes alone.

namespace {

constexpr float kInfinity = __builtin_inff();
constexpr int kNotFinite = 0x01 | 0x08 | 0x10 | 0x80;  // quiet NaN, +inf, -inf, signalling NaN

__mmask16 FirstLanes(int64_t count) { return static_cast<__mmask16>((1u << count) - 1u); }

}  // namespace

int64_t qk_minmax_f32_run__avx512vnni(const float* x, int64_t n, float* min, float* max) {
  __m512 min_f32x16[4], max_f32x16[4];
  for (int u = 0; u < 4; u++) {
    min_f32x16[u] = _mm512_set1_ps(kInfinity);
    max_f32x16[u] = _mm512_set1_ps(-kInfinity);
  }
  int64_t bad = 0, i = 0;
  for (; i + 64 <= n; i += 64) {
    for (int u = 0; u < 4; u++) {
      const __m512 v_f32x16 = _mm512_loadu_ps(x + i + 16 * u);
      const __mmask16 rejected = _mm512_fpclass_ps_mask(v_f32x16, kNotFinite);
      const __mmask16 finite = static_cast<__mmask16>(~rejected);
      bad += _mm_popcnt_u32(rejected);
      min_f32x16[u] = _mm512_mask_min_ps(min_f32x16[u], finite, min_f32x16[u], v_f32x16);
      max_f32x16[u] = _mm512_mask_max_ps(max_f32x16[u], finite, max_f32x16[u], v_f32x16);
    }
  }
  for (; i < n; i += 16) {
    const __mmask16 present = n - i < 16 ? FirstLanes(n - i) : static_cast<__mmask16>(0xffff);
    const __m512 v_f32x16 = _mm512_maskz_loadu_ps(present, x + i);
    const __mmask16 rejected = _mm512_fpclass_ps_mask(v_f32x16, kNotFinite);
    const __mmask16 finite = static_cast<__mmask16>(present & ~rejected);
    bad += _mm_popcnt_u32(rejected);
    min_f32x16[0] = _mm512_mask_min_ps(min_f32x16[0], finite, min_f32x16[0], v_f32x16);
    max_f32x16[0] = _mm512_mask_max_ps(max_f32x16[0], finite, max_f32x16[0], v_f32x16);
  }
  *min = _mm512_reduce_min_ps(
      _mm512_min_ps(_mm512_min_ps(min_f32x16[0], min_f32x16[1]), _mm512_min_ps(min_f32x16[2], min_f32x16[3])));
  *max = _mm512_reduce_max_ps(
      _mm512_max_ps(_mm512_max_ps(max_f32x16[0], max_f32x16[1]), _mm512_max_ps(max_f32x16[2], max_f32x16[3])));
  return bad;
}

int64_t qk_minmax_f32_columns__avx512vnni(const float* x, int64_t rows, int64_t columns, float* min, float* max) {
  int64_t bad = 0;
  for (int64_t c = 0; c < columns; c += 16) {
    const __mmask16 present = columns - c < 16 ? FirstLanes(columns - c) : static_cast<__mmask16>(0xffff);
    __m512 min_f32x16 = _mm512_maskz_loadu_ps(present, min + c), max_f32x16 = _mm512_maskz_loadu_ps(present, max + c);
    for (int64_t r = 0; r < rows; r++) {
      const __m512 v_f32x16 = _mm512_maskz_loadu_ps(present, x + r * columns + c);
      const __mmask16 rejected = _mm512_fpclass_ps_mask(v_f32x16, kNotFinite);
      const __mmask16 finite = static_cast<__mmask16>(present & ~rejected);
      bad += _mm_popcnt_u32(rejected);
      min_f32x16 = _mm512_mask_min_ps(min_f32x16, finite, min_f32x16, v_f32x16);
      max_f32x16 = _mm512_mask_max_ps(max_f32x16, finite, max_f32x16, v_f32x16);
    }
    _mm512_mask_storeu_ps(min + c, present, min_f32x16);
    _mm512_mask_storeu_ps(max + c, present, max_f32x16);
  }
  return bad;
}
