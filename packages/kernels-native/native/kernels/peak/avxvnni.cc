#include <immintrin.h>

#include <cstdint>

#include "qk/peak.h"

// 10 · 32 bytes · 2 = 640 operations a round.
uint64_t qk_peak_i8__avxvnni(int64_t rounds) {
  constexpr int kChains = 10;
  __m256i sums_i32x8[kChains];
  for (int i = 0; i < kChains; i++) sums_i32x8[i] = _mm256_setzero_si256();
  __m256i a_u8x32 = _mm256_set1_epi8(3), b_i8x32 = _mm256_set1_epi8(-5);
  asm volatile("" : "+x"(a_u8x32), "+x"(b_i8x32));
  for (int64_t r = 0; r < rounds; r++) {
    for (int i = 0; i < kChains; i++) sums_i32x8[i] = _mm256_dpbusd_avx_epi32(sums_i32x8[i], a_u8x32, b_i8x32);
  }
  for (int i = 1; i < kChains; i++) sums_i32x8[0] = _mm256_add_epi32(sums_i32x8[0], sums_i32x8[i]);
  return static_cast<uint64_t>(_mm256_extract_epi64(sums_i32x8[0], 0));
}
