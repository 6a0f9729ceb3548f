#include <immintrin.h>

#include <cstdint>

#include "counting.h"

namespace {

// Conversion of NaN, and of what int32 cannot hold, gives -2^31, whose index is above every bin since |first_bin| < 2^30.
__m512i Indices(__m512 v_f32x16, __m512 inverse_f32x16, __m512i first_i32x16, __m512i bins_u32x16) {
  const __m512 floor_f32x16 =
      _mm512_roundscale_ps(_mm512_mul_ps(v_f32x16, inverse_f32x16), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  // A negative value lies below bin 0 even where the product underflows to -0.
  const __mmask16 negative = _mm512_cmp_ps_mask(v_f32x16, _mm512_setzero_ps(), _CMP_LT_OQ);
  const __m512 bin_f32x16 = _mm512_mask_min_ps(floor_f32x16, negative, floor_f32x16, _mm512_set1_ps(-1));
  const __m512i index_i32x16 = _mm512_sub_epi32(_mm512_cvtps_epi32(bin_f32x16), first_i32x16);
  return _mm512_min_epu32(index_i32x16, bins_u32x16);
}

}  // namespace

void qk_histogram_f32__avx512vnni(const QkHistogram& h, const float* x, int64_t n) {
  const __m512 inverse_f32x16 = _mm512_set1_ps(h.inverse);
  const __m512i first_i32x16 = _mm512_set1_epi32(h.first_bin);
  const __m512i bins_u32x16 = _mm512_set1_epi32(static_cast<int>(h.bins));
  CountAll(h, x, n, [=](const float* from, uint32_t* to) {
    const __m512i indices_u32x16 = Indices(_mm512_loadu_ps(from), inverse_f32x16, first_i32x16, bins_u32x16);
    _mm512_store_si512(to, indices_u32x16);
  });
}
