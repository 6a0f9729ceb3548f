#include <immintrin.h>

#include <cstdint>

#include "qk/peak.h"

namespace {

constexpr int kChains = 12;  // 16 registers less the operands

// An operand the compiler knows nothing about, so that no work moves out of the loop.
__m256i Opaque(__m256i value) {
  asm volatile("" : "+x"(value));
  return value;
}

uint64_t Total(__m256i sums) {
  uint64_t lanes[4], total = 0;
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sums);
  for (const uint64_t lane : lanes) total += lane;
  return total;
}

}  // namespace

// 12 · 8 lanes · 2 = 192 operations a round.
uint64_t qk_peak_f32__avx2(int64_t rounds) {
  const __m256 factor_f32x8 = _mm256_set1_ps(0.999f), term_f32x8 = _mm256_set1_ps(1.0f);
  __m256 sums_f32x8[kChains];
  for (int i = 0; i < kChains; i++) sums_f32x8[i] = _mm256_set1_ps(static_cast<float>(i));
  for (int64_t r = 0; r < rounds; r++) {
    for (int i = 0; i < kChains; i++) sums_f32x8[i] = _mm256_fmadd_ps(sums_f32x8[i], factor_f32x8, term_f32x8);
  }
  __m256 total_f32x8 = sums_f32x8[0];
  for (int i = 1; i < kChains; i++) total_f32x8 = _mm256_add_ps(total_f32x8, sums_f32x8[i]);
  return Total(_mm256_castps_si256(total_f32x8));
}

// vpmaddwd and an addition on bytes that were widened before: exact for all bytes, where vpmaddubsw would saturate.
// 8 · 16 products · 2 = 256 operations.
uint64_t qk_peak_i8__avx2(int64_t rounds) {
  __m256i sums_i32x8[8];
  for (__m256i& sum : sums_i32x8) sum = _mm256_setzero_si256();
  __m256i a_i16x16[2] = {_mm256_set1_epi16(3), _mm256_set1_epi16(-2)};
  const __m256i b_i16x16[4] = {Opaque(_mm256_set1_epi16(-5)), Opaque(_mm256_set1_epi16(7)), Opaque(_mm256_set1_epi16(1)),
                               Opaque(_mm256_set1_epi16(-9))};
  for (int64_t r = 0; r < rounds; r++) {
    for (__m256i& a : a_i16x16) a = Opaque(a);
    for (int k = 0; k < 8; k++) {
      sums_i32x8[k] = _mm256_add_epi32(sums_i32x8[k], _mm256_madd_epi16(a_i16x16[k / 4], b_i16x16[k % 4]));
    }
  }
  __m256i total_i32x8 = sums_i32x8[0];
  for (int i = 1; i < 8; i++) total_i32x8 = _mm256_add_epi32(total_i32x8, sums_i32x8[i]);
  return Total(total_i32x8);
}

// vpsllvd (there is no shift of 16-bit lanes by different amounts) and an addition, signs left out. 4 · 8 products · 2 = 64
// operations.
uint64_t qk_peak_shift__avx2(int64_t rounds) {
  __m256i a_i32x8 = _mm256_set1_epi32(3);
  __m256i exponents_i32x8[4], sums_i32x8[4];
  for (int i = 0; i < 4; i++) exponents_i32x8[i] = Opaque(_mm256_set1_epi32(i));
  for (__m256i& sum : sums_i32x8) sum = _mm256_setzero_si256();
  for (int64_t r = 0; r < rounds; r++) {
    a_i32x8 = Opaque(a_i32x8);
    for (int i = 0; i < 4; i++) {
      sums_i32x8[i] = _mm256_add_epi32(sums_i32x8[i], _mm256_sllv_epi32(a_i32x8, exponents_i32x8[i]));
    }
  }
  for (int i = 1; i < 4; i++) sums_i32x8[0] = _mm256_add_epi32(sums_i32x8[0], sums_i32x8[i]);
  return Total(sums_i32x8[0]);
}

// Bits of half bytes by table look-up. 4 · 256 bits · 2 = 2048 operations a round; bytes are widened every 8 rounds.
uint64_t qk_peak_b1__avx2(int64_t rounds) {
  const __m256i counts_u8x32 = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m256i low_u8x32 = _mm256_set1_epi8(0x0f);
  const __m256i b_u8x32 = Opaque(_mm256_set1_epi8(0x35));
  __m256i total_u64x4 = _mm256_setzero_si256();
  for (int64_t r = 0; r < rounds;) {
    __m256i bytes_u8x32[4];
    for (__m256i& bytes : bytes_u8x32) bytes = _mm256_setzero_si256();
    for (int k = 0; k < 8 && r < rounds; k++, r++) {
      for (__m256i& bytes : bytes_u8x32) {
        const __m256i x_u8x32 = _mm256_xor_si256(Opaque(b_u8x32), b_u8x32);
        const __m256i lower_u8x32 = _mm256_shuffle_epi8(counts_u8x32, _mm256_and_si256(x_u8x32, low_u8x32));
        const __m256i upper_u8x32 =
            _mm256_shuffle_epi8(counts_u8x32, _mm256_and_si256(_mm256_srli_epi16(x_u8x32, 4), low_u8x32));
        bytes = _mm256_add_epi8(bytes, _mm256_add_epi8(lower_u8x32, upper_u8x32));
      }
    }
    for (const __m256i bytes : bytes_u8x32) {
      total_u64x4 = _mm256_add_epi64(total_u64x4, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
    }
  }
  return Total(total_u64x4);
}

uint64_t qk_peak_read__avx2(const uint8_t* data, int64_t n) {
  __m256i sums_u64x4[8];
  for (__m256i& sum : sums_u64x4) sum = _mm256_setzero_si256();
  for (int64_t i = 0; i < n; i += 256) {
    for (int k = 0; k < 8; k++) {
      const __m256i v_u64x4 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + i + 32 * k));
      sums_u64x4[k] = _mm256_add_epi64(sums_u64x4[k], v_u64x4);
    }
  }
  for (int k = 1; k < 8; k++) sums_u64x4[0] = _mm256_add_epi64(sums_u64x4[0], sums_u64x4[k]);
  return Total(sums_u64x4[0]);
}
