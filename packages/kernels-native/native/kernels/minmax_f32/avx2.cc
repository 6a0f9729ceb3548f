#include <immintrin.h>

#include <cstdint>

#include "qk/minmax_f32.h"

// Method: values whose magnitude is not below infinity are replaced by the neutral element and counted from the mask.

namespace {

constexpr float kInfinity = __builtin_inff();

__m256 IsFinite(__m256 v_f32x8) {
  const __m256 magnitude_f32x8 = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v_f32x8);
  return _mm256_cmp_ps(magnitude_f32x8, _mm256_set1_ps(kInfinity), _CMP_LT_OQ);
}

int64_t CountNotSet(__m256 mask) { return 8 - _mm_popcnt_u32(static_cast<unsigned>(_mm256_movemask_ps(mask))); }

}  // namespace

int64_t qk_minmax_f32_run__avx2(const float* x, int64_t n, float* min, float* max) {
  const __m256 high_f32x8 = _mm256_set1_ps(kInfinity), low_f32x8 = _mm256_set1_ps(-kInfinity);
  __m256 min_f32x8[4], max_f32x8[4];
  for (int u = 0; u < 4; u++) {
    min_f32x8[u] = high_f32x8;
    max_f32x8[u] = low_f32x8;
  }
  int64_t bad = 0, i = 0;
  for (; i + 32 <= n; i += 32) {
    for (int u = 0; u < 4; u++) {
      const __m256 v_f32x8 = _mm256_loadu_ps(x + i + 8 * u);
      const __m256 finite = IsFinite(v_f32x8);
      bad += CountNotSet(finite);
      min_f32x8[u] = _mm256_min_ps(min_f32x8[u], _mm256_blendv_ps(high_f32x8, v_f32x8, finite));
      max_f32x8[u] = _mm256_max_ps(max_f32x8[u], _mm256_blendv_ps(low_f32x8, v_f32x8, finite));
    }
  }
  float mins[8], maxs[8];
  _mm256_storeu_ps(mins, _mm256_min_ps(_mm256_min_ps(min_f32x8[0], min_f32x8[1]), _mm256_min_ps(min_f32x8[2], min_f32x8[3])));
  _mm256_storeu_ps(maxs, _mm256_max_ps(_mm256_max_ps(max_f32x8[0], max_f32x8[1]), _mm256_max_ps(max_f32x8[2], max_f32x8[3])));
  float low = kInfinity, high = -kInfinity;
  for (int lane = 0; lane < 8; lane++) {
    if (mins[lane] < low) low = mins[lane];
    if (maxs[lane] > high) high = maxs[lane];
  }
  for (; i < n; i++) {
    if (x[i] - x[i] != 0) {
      bad++;
      continue;
    }
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  *min = low;
  *max = high;
  return bad;
}

int64_t qk_minmax_f32_columns__avx2(const float* x, int64_t rows, int64_t columns, float* min, float* max) {
  const __m256 high_f32x8 = _mm256_set1_ps(kInfinity), low_f32x8 = _mm256_set1_ps(-kInfinity);
  int64_t bad = 0, c = 0;
  for (; c + 8 <= columns; c += 8) {
    __m256 min_f32x8 = _mm256_loadu_ps(min + c), max_f32x8 = _mm256_loadu_ps(max + c);
    for (int64_t r = 0; r < rows; r++) {
      const __m256 v_f32x8 = _mm256_loadu_ps(x + r * columns + c);
      const __m256 finite = IsFinite(v_f32x8);
      bad += CountNotSet(finite);
      min_f32x8 = _mm256_min_ps(min_f32x8, _mm256_blendv_ps(high_f32x8, v_f32x8, finite));
      max_f32x8 = _mm256_max_ps(max_f32x8, _mm256_blendv_ps(low_f32x8, v_f32x8, finite));
    }
    _mm256_storeu_ps(min + c, min_f32x8);
    _mm256_storeu_ps(max + c, max_f32x8);
  }
  for (; c < columns; c++) {
    for (int64_t r = 0; r < rows; r++) {
      const float v = x[r * columns + c];
      if (v - v != 0) {
        bad++;
        continue;
      }
      if (v < min[c]) min[c] = v;
      if (v > max[c]) max[c] = v;
    }
  }
  return bad;
}
