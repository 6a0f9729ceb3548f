// histogram_f32__avx512vnni: as avx2 with twice the lanes, and another way for data with many zeros (activations after a ReLU):
// their number is known from masks, and only what is left is counted one by one.
#include <immintrin.h>

#include <cstdint>

#include "counting.h"

namespace {

constexpr int64_t kBlock = 512;     // values whose indices are gathered before they are counted
constexpr int64_t kLookedAt = 256;  // values that decide which way is taken
constexpr int64_t kManyZeros = 32;  // of them

struct Constants {
  __m512 inverse_f32x16;
  __m512i first_i32x16;
  __m512i bins_u32x16;
};

// Conversion of NaN, and of what int32 cannot hold, gives -2^31, whose index is above every bin since |first_bin| < 2^30.
__m512i Indices(__m512 v_f32x16, const Constants& c) {
  const __m512 scaled_f32x16 = _mm512_mul_ps(v_f32x16, c.inverse_f32x16);
  const __m512 floor_f32x16 = _mm512_roundscale_ps(scaled_f32x16, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  // A negative value lies below bin 0 even where the product underflows to -0.
  const __mmask16 is_negative = _mm512_cmp_ps_mask(v_f32x16, _mm512_setzero_ps(), _CMP_LT_OQ);
  const __m512 bin_f32x16 = _mm512_mask_min_ps(floor_f32x16, is_negative, floor_f32x16, _mm512_set1_ps(-1));
  return _mm512_min_epu32(_mm512_sub_epi32(_mm512_cvtps_epi32(bin_f32x16), c.first_i32x16), c.bins_u32x16);
}

__mmask16 OtherThanZero(__m512 v_f32x16) { return _mm512_cmp_ps_mask(v_f32x16, _mm512_setzero_ps(), _CMP_NEQ_UQ); }

// Whether enough of the first values are zeros.
bool HasManyZeros(const float* x, int64_t n) {
  int64_t zeros = 0;
  for (int64_t i = 0; i + 16 <= n && i < kLookedAt; i += 16)
    zeros += 16 - __builtin_popcount(OtherThanZero(_mm512_loadu_ps(x + i)));
  return zeros >= kManyZeros;
}

// Counts whole blocks; returns how many values that is.
int64_t CountWithoutZeros(const QkHistogram& h, const float* x, int64_t n, const Constants& c) {
  uint32_t* tables[4];
  for (int k = 0; k < 4; k++) tables[k] = h.tables + k % h.table_count * h.stride;
  // Fills up the last eight; entries behind the bins are scratch.
  const __m512i scratch_u32x16 =
      _mm512_add_epi32(c.bins_u32x16, _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
  alignas(64) uint32_t indices[kBlock + 16];
  uint32_t zeros = 0;
  int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    int64_t filled = 0;
    for (int64_t j = i; j < i + kBlock; j += 16) {
      const __m512 v_f32x16 = _mm512_loadu_ps(x + j);
      __builtin_prefetch(x + j + kPrefetch);
      const __mmask16 others = OtherThanZero(v_f32x16);
      _mm512_storeu_si512(indices + filled, _mm512_maskz_compress_epi32(others, Indices(v_f32x16, c)));
      filled += __builtin_popcount(others);
    }
    zeros += static_cast<uint32_t>(kBlock - filled);
    _mm512_storeu_si512(indices + filled, scratch_u32x16);
    for (int64_t k = 0; k < filled; k += 8) {
#pragma GCC unroll 8
      for (int64_t lane = 0; lane < 8; lane++) tables[lane & 3][indices[k + lane]]++;
    }
  }
  tables[0][IndexOf(h, 0.0f)] += zeros;
  return i;
}

}  // namespace

void qk_histogram_f32__avx512vnni(const QkHistogram& h, const float* x, int64_t n) {
  const Constants c = {_mm512_set1_ps(h.inverse), _mm512_set1_epi32(h.first_bin), _mm512_set1_epi32(static_cast<int>(h.bins))};
  const int64_t done = HasManyZeros(x, n) ? CountWithoutZeros(h, x, n, c) : 0;
  CountAll(h, x + done, n - done, [=](const float* from, uint32_t* to) {
    static_assert(kGroup == 16, "one register");
    _mm512_store_si512(to, Indices(_mm512_loadu_ps(from), c));
  });
}
