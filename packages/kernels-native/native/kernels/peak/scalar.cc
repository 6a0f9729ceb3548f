#include <cstdint>

#include "qk/peak.h"

// 16 independent chains: more than latency times throughput of any scalar unit.

namespace {

constexpr int kChains = 16;

}  // namespace

// 32 operations a round: a multiplication and an addition per chain.
uint64_t qk_peak_f32__scalar(int64_t rounds) {
  float sums[kChains];
  for (int i = 0; i < kChains; i++) sums[i] = static_cast<float>(i);
  for (int64_t r = 0; r < rounds; r++) {
    for (float& sum : sums) sum = sum * 0.999f + 1.0f;
  }
  float total = 0;
  for (const float sum : sums) total += sum;
  return static_cast<uint64_t>(total);
}

// 32 operations a round.
uint64_t qk_peak_i8__scalar(int64_t rounds) {
  int32_t sums[kChains] = {};
  uint8_t a = 3;
  int8_t b = -5;
  for (int64_t r = 0; r < rounds; r++) {
    asm volatile("" : "+r"(a), "+r"(b));
    for (int32_t& sum : sums) {
      sum += a * b;
      asm volatile("" : "+r"(sum));
    }
  }
  uint32_t total = 0;
  for (const int32_t sum : sums) total += static_cast<uint32_t>(sum);
  return total;
}

// 32 operations a round.
uint64_t qk_peak_shift__scalar(int64_t rounds) {
  int32_t sums[kChains] = {};
  int32_t a = 3, exponent = 2;
  for (int64_t r = 0; r < rounds; r++) {
    asm volatile("" : "+r"(a), "+r"(exponent));
    for (int32_t& sum : sums) {
      sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + (static_cast<uint32_t>(a) << exponent));
      asm volatile("" : "+r"(sum));
    }
  }
  uint32_t total = 0;
  for (const int32_t sum : sums) total += static_cast<uint32_t>(sum);
  return total;
}

// 512 operations a round: 4 words of 64 bits.
uint64_t qk_peak_b1__scalar(int64_t rounds) {
  uint64_t words[4] = {1, 2, 3, 4}, total = 0;
  for (int64_t r = 0; r < rounds; r++) {
    for (uint64_t& word : words) {
      asm volatile("" : "+r"(word));
      total += static_cast<uint64_t>(__builtin_popcountll(word ^ static_cast<uint64_t>(r)));
    }
  }
  return total;
}

uint64_t qk_peak_read__scalar(const uint8_t* data, int64_t n) {
  uint64_t sums[4] = {};
  for (int64_t i = 0; i < n; i += 32) {
    uint64_t words[4];
    __builtin_memcpy(words, data + i, sizeof words);
    for (int k = 0; k < 4; k++) sums[k] += words[k];
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}
