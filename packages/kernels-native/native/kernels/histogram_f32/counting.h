// The second half of the SIMD histograms: indices into tables. Internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_HISTOGRAM_F32_COUNTING_H_
#define QK_KERNELS_HISTOGRAM_F32_COUNTING_H_

#include <cstdint>

#include "qk/histogram_f32.h"

namespace {

// Indices are computed for a block of values first and counted then: the loads of the second loop do not wait for the stores of
// the first.
constexpr int64_t kBlock = 512;

// Counts indices that are at most h.bins, two per load.
inline void CountIndices(const QkHistogram& h, const uint32_t* indices, int64_t n) {
  uint32_t* const tables[4] = {h.tables, h.tables + h.stride, h.tables + 2 * h.stride, h.tables + 3 * h.stride};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    uint64_t pairs[2];
    __builtin_memcpy(pairs, indices + i, sizeof pairs);
    tables[0][pairs[0] & 0xffffffff]++;
    tables[1][pairs[0] >> 32]++;
    tables[2][pairs[1] & 0xffffffff]++;
    tables[3][pairs[1] >> 32]++;
  }
  for (; i < n; i++) tables[0][indices[i]]++;
}

// The index of one value, as in the scalar kernel.
inline uint32_t IndexOf(const QkHistogram& h, float v) {
  const double bin = __builtin_floor(static_cast<double>(v) * static_cast<double>(h.inverse)) - h.first_bin;
  return bin >= 0 && bin < static_cast<double>(h.bins) ? static_cast<uint32_t>(bin) : h.bins;
}

}  // namespace

#endif  // QK_KERNELS_HISTOGRAM_F32_COUNTING_H_
