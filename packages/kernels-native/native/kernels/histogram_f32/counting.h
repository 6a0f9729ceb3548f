// The SIMD histograms around their computation of indices. Internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_HISTOGRAM_F32_COUNTING_H_
#define QK_KERNELS_HISTOGRAM_F32_COUNTING_H_

#include <cstdint>

#include "qk/histogram_f32.h"

namespace {

constexpr int64_t kGroup = 16;           // values whose indices are computed at once
constexpr int64_t kAhead = 8;            // groups between the computation of indices and their counting
constexpr int64_t kPrefetch = 8192 / 4;  // values, two pages: the hardware stops at the end of each, and counting fills the
                                         // window in which the core could look further by itself

// The index of one value, as in the scalar kernel.
inline uint32_t IndexOf(const QkHistogram& h, float v) {
  const double bin = __builtin_floor(static_cast<double>(v) * static_cast<double>(h.inverse)) - h.first_bin;
  return bin >= 0 && bin < static_cast<double>(h.bins) ? static_cast<uint32_t>(bin) : h.bins;
}

// Counts all values. `indices(from, to)` computes the indices, at most h.bins, of 16 values. They wait in a ring for some
// groups, so that the loads of the counting part find finished stores and both parts run at the same time: one store per value
// is all that is left.
template <class Indices>
void CountAll(const QkHistogram& h, const float* x, int64_t n, Indices indices) {
  uint32_t* tables[4];
  for (int k = 0; k < 4; k++) tables[k] = h.tables + k % h.table_count * h.stride;
  alignas(64) uint32_t ring[kAhead * kGroup];
  const int64_t groups = n / kGroup;
  for (int64_t g = 0; g < kAhead && g < groups; g++) indices(x + g * kGroup, ring + g * kGroup);
  for (int64_t g = 0; g < groups; g++) {
    uint32_t* slot = ring + g % kAhead * kGroup;
    uint32_t current[kGroup];
    __builtin_memcpy(current, slot, sizeof current);
    __builtin_prefetch(x + g * kGroup + kPrefetch);
#pragma GCC unroll 16
    for (int k = 0; k < kGroup; k++) tables[k & 3][current[k]]++;
    if (g + kAhead < groups) indices(x + (g + kAhead) * kGroup, slot);
  }
  for (int64_t i = groups * kGroup; i < n; i++) tables[0][IndexOf(h, x[i])]++;
}

}  // namespace

#endif  // QK_KERNELS_HISTOGRAM_F32_COUNTING_H_
