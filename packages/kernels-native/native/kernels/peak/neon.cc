#include <arm_neon.h>

#include <cstdint>

#include "qk/peak.h"

namespace {

constexpr int kChains = 16;  // at least latency times throughput; few enough to stay in registers

}  // namespace

// 16 · 4 lanes · 2 = 128 operations a round.
uint64_t qk_peak_f32__neon(int64_t rounds) {
  const float32x4_t factor_f32x4 = vdupq_n_f32(0.999f), term_f32x4 = vdupq_n_f32(0.5f);
  float32x4_t sums_f32x4[kChains];
  for (int i = 0; i < kChains; i++) sums_f32x4[i] = vdupq_n_f32(static_cast<float>(i));
  for (int64_t r = 0; r < rounds; r++) {
    for (int i = 0; i < kChains; i++) sums_f32x4[i] = vfmaq_f32(sums_f32x4[i], factor_f32x4, term_f32x4);
  }
  for (int i = 1; i < kChains; i++) sums_f32x4[0] = vaddq_f32(sums_f32x4[0], sums_f32x4[i]);
  return vgetq_lane_u64(vreinterpretq_u64_f32(sums_f32x4[0]), 0);
}

// Widening multiplication and pairwise addition: 8 · 16 bytes · 2 = 256 operations a round.
uint64_t qk_peak_i8__neon(int64_t rounds) {
  int8x16_t b_i8x16 = vdupq_n_s8(-5);
  asm volatile("" : "+w"(b_i8x16));
  int32x4_t sums_i32x4[8];
  for (int32x4_t& sum : sums_i32x4) sum = vdupq_n_s32(0);
  for (int64_t r = 0; r < rounds; r++) {
    for (int32x4_t& sum : sums_i32x4) {
      int8x16_t a_i8x16 = b_i8x16;
      asm volatile("" : "+w"(a_i8x16));
      int16x8_t products_i16x8 = vmull_s8(vget_low_s8(a_i8x16), vget_low_s8(b_i8x16));
      products_i16x8 = vmlal_s8(products_i16x8, vget_high_s8(a_i8x16), vget_high_s8(b_i8x16));
      sum = vpadalq_s16(sum, products_i16x8);
    }
  }
  for (int i = 1; i < 8; i++) sums_i32x4[0] = vaddq_s32(sums_i32x4[0], sums_i32x4[i]);
  return static_cast<uint64_t>(static_cast<uint32_t>(vaddvq_s32(sums_i32x4[0])));
}

// vshlq_s16 on bytes that were widened before, then a pairwise addition, signs left out. 8 · 8 products · 2 = 128 operations.
uint64_t qk_peak_shift__neon(int64_t rounds) {
  int16x8_t a_i16x8 = vdupq_n_s16(3);
  int16x8_t exponents_i16x8[8];
  int32x4_t sums_i32x4[8];
  for (int i = 0; i < 8; i++) {
    exponents_i16x8[i] = vdupq_n_s16(static_cast<int16_t>(i % 7));
    asm volatile("" : "+w"(exponents_i16x8[i]));
    sums_i32x4[i] = vdupq_n_s32(0);
  }
  for (int64_t r = 0; r < rounds; r++) {
    asm volatile("" : "+w"(a_i16x8));
    for (int i = 0; i < 8; i++) sums_i32x4[i] = vpadalq_s16(sums_i32x4[i], vshlq_s16(a_i16x8, exponents_i16x8[i]));
  }
  for (int i = 1; i < 8; i++) sums_i32x4[0] = vaddq_s32(sums_i32x4[0], sums_i32x4[i]);
  return static_cast<uint64_t>(static_cast<uint32_t>(vaddvq_s32(sums_i32x4[0])));
}

// 8 · 128 bits · 2 = 2048 operations a round.
uint64_t qk_peak_b1__neon(int64_t rounds) {
  uint8x16_t b_u8x16 = vdupq_n_u8(0x35);
  asm volatile("" : "+w"(b_u8x16));
  uint16x8_t sums_u16x8[8];
  for (uint16x8_t& sum : sums_u16x8) sum = vdupq_n_u16(0);
  for (int64_t r = 0; r < rounds; r++) {
    for (uint16x8_t& sum : sums_u16x8) {
      uint8x16_t a_u8x16 = b_u8x16;
      asm volatile("" : "+w"(a_u8x16));
      sum = vpadalq_u8(sum, vcntq_u8(veorq_u8(a_u8x16, b_u8x16)));
    }
  }
  for (int i = 1; i < 8; i++) sums_u16x8[0] = vaddq_u16(sums_u16x8[0], sums_u16x8[i]);
  return vaddvq_u16(sums_u16x8[0]);
}

uint64_t qk_peak_read__neon(const uint8_t* data, int64_t n) {
  uint8x16_t sums_u8x16[8];
  for (uint8x16_t& sum : sums_u8x16) sum = vdupq_n_u8(0);
  for (int64_t i = 0; i < n; i += 128) {
    for (int k = 0; k < 8; k++) sums_u8x16[k] = vaddq_u8(sums_u8x16[k], vld1q_u8(data + i + 16 * k));
  }
  for (int k = 1; k < 8; k++) sums_u8x16[0] = vaddq_u8(sums_u8x16[0], sums_u8x16[k]);
  return vaddvq_u8(sums_u8x16[0]);
}
