#include <arm_neon.h>

#include <cstdint>

#include "qk/peak.h"

// 16 · 16 bytes · 2 = 512 operations a round.
uint64_t qk_peak_i8__neondot(int64_t rounds) {
  constexpr int kChains = 16;  // at least latency times throughput; few enough to stay in registers
  int8x16_t a_i8x16 = vdupq_n_s8(3), b_i8x16 = vdupq_n_s8(-5);
  asm volatile("" : "+w"(a_i8x16), "+w"(b_i8x16));
  int32x4_t sums_i32x4[kChains];
  for (int32x4_t& sum : sums_i32x4) sum = vdupq_n_s32(0);
  for (int64_t r = 0; r < rounds; r++) {
    for (int i = 0; i < kChains; i++) sums_i32x4[i] = vdotq_s32(sums_i32x4[i], a_i8x16, b_i8x16);
  }
  for (int i = 1; i < kChains; i++) sums_i32x4[0] = vaddq_s32(sums_i32x4[0], sums_i32x4[i]);
  return static_cast<uint64_t>(static_cast<uint32_t>(vaddvq_s32(sums_i32x4[0])));
}
