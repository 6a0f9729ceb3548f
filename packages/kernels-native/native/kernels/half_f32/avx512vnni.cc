#include <immintrin.h>

#include <cstdint>

#include "qk/half_f32.h"

namespace {

__mmask16 Present(int64_t count) {
  return count >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << count) - 1u);
}

}  // namespace

// bits + 0x7fff + (bit 16), upper half; NaN keeps its upper half, made quiet.
void qk_half_f32_to_bf16__avx512vnni(const float* x, int64_t n, uint16_t* half) {
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 present = Present(n - i);
    const __m512 v_f32x16 = _mm512_maskz_loadu_ps(present, x + i);
    const __m512i bits_u32x16 = _mm512_castps_si512(v_f32x16);
    const __m512i upper_u32x16 = _mm512_srli_epi32(bits_u32x16, 16);
    const __m512i odd_u32x16 = _mm512_and_si512(upper_u32x16, _mm512_set1_epi32(1));
    const __m512i bias_u32x16 = _mm512_add_epi32(odd_u32x16, _mm512_set1_epi32(0x7fff));
    const __m512i rounded_u32x16 = _mm512_srli_epi32(_mm512_add_epi32(bits_u32x16, bias_u32x16), 16);
    const __mmask16 nan = _mm512_cmp_ps_mask(v_f32x16, v_f32x16, _CMP_UNORD_Q);
    const __m512i half_u32x16 = _mm512_mask_or_epi32(rounded_u32x16, nan, upper_u32x16, _mm512_set1_epi32(0x40));
    _mm256_mask_storeu_epi16(half + i, present, _mm512_cvtepi32_epi16(half_u32x16));
  }
}
