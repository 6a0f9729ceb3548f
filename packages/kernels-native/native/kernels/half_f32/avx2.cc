#include <immintrin.h>

#include <cstdint>

#include "qk/half_f32.h"

// The tail goes through a register's worth of stack.

namespace {

// Runs convert(from, to) for every eight elements.
template <class From, class To, class Convert>
void ForEachEight(const From* from, int64_t n, To* to, Convert convert) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) convert(from + i, to + i);
  if (i == n) return;
  From in[8] = {};
  To out[8];
  for (int64_t k = i; k < n; k++) in[k - i] = from[k];
  convert(in, out);
  for (int64_t k = i; k < n; k++) to[k] = out[k - i];
}

void StoreHalf(uint16_t* to, __m128i half) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), half); }

__m128i LoadHalf(const uint16_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

// bits + 0x7fff + (bit 16), upper half; NaN keeps its upper half, made quiet.
void ToBf16(const float* from, uint16_t* to) {
  const __m256 v_f32x8 = _mm256_loadu_ps(from);
  const __m256i bits_u32x8 = _mm256_castps_si256(v_f32x8);
  const __m256i upper_u32x8 = _mm256_srli_epi32(bits_u32x8, 16);
  const __m256i odd_u32x8 = _mm256_and_si256(upper_u32x8, _mm256_set1_epi32(1));
  const __m256i bias_u32x8 = _mm256_add_epi32(odd_u32x8, _mm256_set1_epi32(0x7fff));
  const __m256i rounded_u32x8 = _mm256_srli_epi32(_mm256_add_epi32(bits_u32x8, bias_u32x8), 16);
  const __m256i quiet_u32x8 = _mm256_or_si256(upper_u32x8, _mm256_set1_epi32(0x40));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v_f32x8, v_f32x8, _CMP_UNORD_Q));
  const __m256i half_u32x8 = _mm256_blendv_epi8(rounded_u32x8, quiet_u32x8, nan);
  StoreHalf(to, _mm_packus_epi32(_mm256_castsi256_si128(half_u32x8), _mm256_extracti128_si256(half_u32x8, 1)));
}

}  // namespace

void qk_half_f32_to_f16__avx2(const float* x, int64_t n, uint16_t* half) {
  ForEachEight(x, n, half, [](const float* from, uint16_t* to) {
    StoreHalf(to, _mm256_cvtps_ph(_mm256_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  });
}

void qk_half_f32_from_f16__avx2(const uint16_t* half, int64_t n, float* x) {
  ForEachEight(half, n, x, [](const uint16_t* from, float* to) { _mm256_storeu_ps(to, _mm256_cvtph_ps(LoadHalf(from))); });
}

void qk_half_f32_to_bf16__avx2(const float* x, int64_t n, uint16_t* half) { ForEachEight(x, n, half, ToBf16); }

void qk_half_f32_from_bf16__avx2(const uint16_t* half, int64_t n, float* x) {
  ForEachEight(half, n, x, [](const uint16_t* from, float* to) {
    const __m256i bits_u32x8 = _mm256_slli_epi32(_mm256_cvtepu16_epi32(LoadHalf(from)), 16);
    _mm256_storeu_ps(to, _mm256_castsi256_ps(bits_u32x8));
  });
}
