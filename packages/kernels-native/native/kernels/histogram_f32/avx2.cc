#include <immintrin.h>

#include <cstdint>

#include "counting.h"

namespace {

// Conversion of NaN, and of what int32 cannot hold, gives -2^31, whose index is above every bin since |first_bin| < 2^30.
__m256i Indices(__m256 v_f32x8, __m256 inverse_f32x8, __m256i first_i32x8, __m256i bins_u32x8) {
  const __m256 floor_f32x8 = _mm256_floor_ps(_mm256_mul_ps(v_f32x8, inverse_f32x8));
  // A negative value lies below bin 0 even where the product underflows to -0.
  const __m256 below_f32x8 = _mm256_min_ps(floor_f32x8, _mm256_set1_ps(-1));
  const __m256 negative = _mm256_cmp_ps(v_f32x8, _mm256_setzero_ps(), _CMP_LT_OQ);
  const __m256 bin_f32x8 = _mm256_blendv_ps(floor_f32x8, below_f32x8, negative);
  return _mm256_min_epu32(_mm256_sub_epi32(_mm256_cvtps_epi32(bin_f32x8), first_i32x8), bins_u32x8);
}

}  // namespace

void qk_histogram_f32__avx2(const QkHistogram& h, const float* x, int64_t n) {
  const __m256 inverse_f32x8 = _mm256_set1_ps(h.inverse);
  const __m256i first_i32x8 = _mm256_set1_epi32(h.first_bin);
  const __m256i bins_u32x8 = _mm256_set1_epi32(static_cast<int>(h.bins));
  CountAll(h, x, n, [=](const float* from, uint32_t* to) {
    for (int k = 0; k < kGroup; k += 8) {
      const __m256i indices_u32x8 = Indices(_mm256_loadu_ps(from + k), inverse_f32x8, first_i32x8, bins_u32x8);
      _mm256_store_si256(reinterpret_cast<__m256i*>(to + k), indices_u32x8);
    }
  });
}
