#include <algorithm>
#include <cstring>

#include "qk/conv_i8.h"

namespace qk {
namespace {

constexpr int64_t kLanes = kGemmI8Lanes;
constexpr int64_t kPanelColumns = kGemmI8Lanes * kGemmI8PanelVectors;

int64_t RoundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Where byte d of tap t of column j lies in the packed panels of one group.
struct PackedIndex {
  int64_t taps, steps, columns;

  int64_t operator()(int64_t t, int64_t d, int64_t j) const {
    const int64_t panel = j / kPanelColumns * kPanelColumns;
    const int64_t width = std::min(kPanelColumns, columns - panel);
    return panel * taps * steps * 4 + ((t * steps + d / 4) * width + (j - panel)) * 4 + d % 4;
  }
};

}  // namespace

ConvI8Packing PackingOf(const ConvI8Weights& w) {
  ConvI8Packing p;
  p.taps = w.merges_columns ? w.kernel_height : w.kernel_height * w.kernel_width;
  p.depth = w.merges_columns ? w.kernel_width * w.channels : w.channels;
  p.columns = RoundUp(w.outputs / w.groups, kLanes);
  p.group_bytes = p.taps * RoundUp(p.depth, 4) * p.columns;
  p.bytes = p.group_bytes * w.groups;
  return p;
}

void PackConvI8(const ConvI8Weights& w, const uint8_t* source, uint8_t flip, int8_t* packed, int32_t* sums) {
  const ConvI8Packing p = PackingOf(w);
  const PackedIndex index = {p.taps, RoundUp(p.depth, 4) / 4, p.columns};
  std::memset(packed, 0, static_cast<size_t>(p.bytes));
  std::memset(sums, 0, static_cast<size_t>(w.groups * p.columns) * sizeof(int32_t));
  const int64_t per_group = w.outputs / w.groups;
  for (int64_t o = 0; o < w.outputs; o++) {
    const int64_t group = o / per_group;
    int8_t* target = packed + group * p.group_bytes;
    int32_t sum = 0;
    for (int64_t t = 0; t < p.taps; t++) {
      const uint8_t* run = source + (o * p.taps + t) * p.depth;
      for (int64_t d = 0; d < p.depth; d++) {
        const int8_t weight = static_cast<int8_t>(run[d] ^ flip);
        target[index(t, d, o % per_group)] = weight;
        sum += weight;
      }
    }
    sums[group * p.columns + o % per_group] = sum;
  }
}

void PackGemmI8Transposed(const ConvI8Weights& w, const uint8_t* source, uint8_t flip, int8_t* packed, int32_t* sums) {
  const ConvI8Packing p = PackingOf(w);
  const PackedIndex index = {p.taps, RoundUp(p.depth, 4) / 4, p.columns};
  std::memset(packed, 0, static_cast<size_t>(p.bytes));
  std::memset(sums, 0, static_cast<size_t>(p.columns) * sizeof(int32_t));
  for (int64_t k = 0; k < w.channels; k++) {
    const uint8_t* row = source + k * w.outputs;
    for (int64_t n = 0; n < w.outputs; n++) {
      const int8_t weight = static_cast<int8_t>(row[n] ^ flip);
      packed[index(0, k, n)] = weight;
      sums[n] += weight;
    }
  }
}

}  // namespace qk
