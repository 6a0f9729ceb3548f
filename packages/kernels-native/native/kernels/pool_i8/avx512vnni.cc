// pool_i8__avx512vnni: sums of 16 channels in 32 bits, maxima of 64 channels in bytes; the last step is masked.
// Exactness: the same codes as scalar.
#include <immintrin.h>

#include "qk/pool_i8.h"

extern "C" void qk_pool_i8_average__avx512vnni(const qk::PoolI8Pixel& p) {
  const __m128i flip = _mm_set1_epi8(static_cast<char>(p.flip));
  const __m128i flip_out = _mm_set1_epi8(static_cast<char>(p.flip_out));
  const __m512i zeros = _mm512_set1_epi32(static_cast<int32_t>(p.tap_count) * p.zero);
  const __m512 low = _mm512_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  const __m512 high = _mm512_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  for (int64_t c = 0; c < p.channels; c += 16) {
    const int64_t left = p.channels - c;
    const __mmask16 mask = static_cast<__mmask16>(left >= 16 ? 0xFFFF : (1u << left) - 1);
    __m512i sum = _mm512_setzero_si512();
    for (int64_t t = 0; t < p.tap_count; t++) {
      const __m128i codes = _mm_xor_si128(_mm_maskz_loadu_epi8(mask, p.taps[t] + c), flip);
      sum = _mm512_add_epi32(sum, _mm512_cvtepu8_epi32(codes));
    }
    __m512 real = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sum, zeros)), _mm512_set1_ps(p.ratio));
    real = _mm512_div_ps(real, _mm512_set1_ps(p.divisor));
    real = _mm512_min_ps(_mm512_max_ps(real, low), high);
    const __m512i code = _mm512_add_epi32(_mm512_cvtps_epi32(real), _mm512_set1_epi32(p.zero_point));
    _mm_mask_storeu_epi8(p.out + c, mask, _mm_xor_si128(_mm512_cvtepi32_epi8(code), flip_out));
  }
}

extern "C" void qk_pool_i8_max__avx512vnni(const qk::PoolI8Pixel& p) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(p.flip));
  const __m512i flip_out = _mm512_set1_epi8(static_cast<char>(p.flip_out));
  for (int64_t c = 0; c < p.channels; c += 64) {
    const int64_t left = p.channels - c;
    const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    __m512i largest = _mm512_setzero_si512();
    for (int64_t t = 0; t < p.tap_count; t++) {
      largest = _mm512_max_epu8(largest, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, p.taps[t] + c), flip));
    }
    _mm512_mask_storeu_epi8(p.out + c, mask, _mm512_xor_si512(largest, flip_out));
  }
}
