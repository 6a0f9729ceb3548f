#include <immintrin.h>

#include <cstdint>

#include "qk/peak.h"

namespace {

constexpr int kChains = 16;  // at least latency times throughput; few enough to stay in registers

// An operand the compiler knows nothing about, so that no work moves out of the loop.
__m512i Opaque(__m512i value) {
  asm volatile("" : "+v"(value));
  return value;
}

uint64_t Total(__m512i sums) {
  uint64_t lanes[8], total = 0;
  _mm512_storeu_si512(lanes, sums);
  for (const uint64_t lane : lanes) total += lane;
  return total;
}

}  // namespace

// 16 · 16 lanes · 2 = 512 operations a round.
uint64_t qk_peak_f32__avx512vnni(int64_t rounds) {
  const __m512 factor_f32x16 = _mm512_set1_ps(0.999f), term_f32x16 = _mm512_set1_ps(1.0f);
  __m512 sums_f32x16[kChains];
  for (int i = 0; i < kChains; i++) sums_f32x16[i] = _mm512_set1_ps(static_cast<float>(i));
  for (int64_t r = 0; r < rounds; r++) {
    for (int i = 0; i < kChains; i++) sums_f32x16[i] = _mm512_fmadd_ps(sums_f32x16[i], factor_f32x16, term_f32x16);
  }
  for (int i = 1; i < kChains; i++) sums_f32x16[0] = _mm512_add_ps(sums_f32x16[0], sums_f32x16[i]);
  return Total(_mm512_castps_si512(sums_f32x16[0]));
}

// 16 · 64 bytes · 2 = 2048 operations a round.
uint64_t qk_peak_i8__avx512vnni(int64_t rounds) {
  const __m512i a_u8x64 = Opaque(_mm512_set1_epi8(3)), b_i8x64 = Opaque(_mm512_set1_epi8(-5));
  __m512i sums_i32x16[kChains];
  for (__m512i& sum : sums_i32x16) sum = _mm512_setzero_si512();
  for (int64_t r = 0; r < rounds; r++) {
    for (int i = 0; i < kChains; i++) sums_i32x16[i] = _mm512_dpbusd_epi32(sums_i32x16[i], a_u8x64, b_i8x64);
  }
  for (int i = 1; i < kChains; i++) sums_i32x16[0] = _mm512_add_epi32(sums_i32x16[0], sums_i32x16[i]);
  return Total(sums_i32x16[0]);
}

// vpsllvw on bytes that were widened before, then vpdpwssd by signs, which adds. 8 · 32 products · 2 = 512 operations.
uint64_t qk_peak_shift__avx512vnni(int64_t rounds) {
  const __m512i a_i16x32 = Opaque(_mm512_set1_epi16(3)), sign_i16x32 = Opaque(_mm512_set1_epi16(-1));
  __m512i exponents_i16x32[8], sums_i32x16[8];
  for (int i = 0; i < 8; i++) exponents_i16x32[i] = Opaque(_mm512_set1_epi16(static_cast<int16_t>(i % 7)));
  for (__m512i& sum : sums_i32x16) sum = _mm512_setzero_si512();
  for (int64_t r = 0; r < rounds; r++) {
    const __m512i x_i16x32 = Opaque(a_i16x32);
    for (int i = 0; i < 8; i++) {
      sums_i32x16[i] = _mm512_dpwssd_epi32(sums_i32x16[i], _mm512_sllv_epi16(x_i16x32, exponents_i16x32[i]), sign_i16x32);
    }
  }
  for (int i = 1; i < 8; i++) sums_i32x16[0] = _mm512_add_epi32(sums_i32x16[0], sums_i32x16[i]);
  return Total(sums_i32x16[0]);
}

// 8 · 512 bits · 2 = 8192 operations a round.
uint64_t qk_peak_b1__avx512vnni(int64_t rounds) {
  const __m512i b_u64x8 = Opaque(_mm512_set1_epi64(0x35));
  __m512i sums_u64x8[8];
  for (__m512i& sum : sums_u64x8) sum = _mm512_setzero_si512();
  for (int64_t r = 0; r < rounds; r++) {
    for (__m512i& sum : sums_u64x8) {
      sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(Opaque(b_u64x8), b_u64x8)));
    }
  }
  for (int i = 1; i < 8; i++) sums_u64x8[0] = _mm512_add_epi64(sums_u64x8[0], sums_u64x8[i]);
  return Total(sums_u64x8[0]);
}

uint64_t qk_peak_read__avx512vnni(const uint8_t* data, int64_t n) {
  __m512i sums_u64x8[4];
  for (__m512i& sum : sums_u64x8) sum = _mm512_setzero_si512();
  for (int64_t i = 0; i < n; i += 256) {
    for (int k = 0; k < 4; k++) {
      sums_u64x8[k] = _mm512_add_epi64(sums_u64x8[k], _mm512_loadu_si512(data + i + 64 * k));
    }
  }
  for (int k = 1; k < 4; k++) sums_u64x8[0] = _mm512_add_epi64(sums_u64x8[0], sums_u64x8[k]);
  return Total(sums_u64x8[0]);
}
