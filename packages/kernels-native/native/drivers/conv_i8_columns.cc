#include <cmath>
#include <cstring>

#include "qk/conv_i8.h"
#include "qk/largest_magnitude.h"

namespace qk {

Status FillColumns(const ConvI8Call& c, const ConvI8Columns& columns) {
  const ConvI8Weights& w = c.weights;
  const ConvI8Packing p = PackingOf(w);
  const int64_t per_group = w.outputs / w.groups;
  const size_t count = static_cast<size_t>(w.groups * p.columns);
  const uint32_t a_zero = static_cast<uint32_t>(c.input_zero + (c.input_signed ? 128 : 0));
  const uint32_t depth = static_cast<uint32_t>(p.taps * p.depth);
  std::memset(columns.b_zero, 0, count * sizeof(int32_t));
  std::memset(columns.multiplier, 0, count * sizeof(float));
  std::memset(columns.addend, 0, count * sizeof(float));
  for (int64_t group = 0; group < w.groups; group++) {
    const int64_t first = group * per_group;
    const int32_t* sums = c.sums + group * p.columns;
    int32_t* initial = columns.initial + group * p.columns;
    int32_t* b_zero = columns.b_zero + group * p.columns;
    float* multiplier = columns.multiplier + group * p.columns;
    for (int64_t j = 0; j < p.columns; j++) initial[j] = static_cast<int32_t>(0 - a_zero * static_cast<uint32_t>(sums[j]));
    for (int64_t j = 0; c.weight_zero != nullptr && j < per_group; j++) {
      b_zero[j] = c.weight_zero[first + j];
      initial[j] = static_cast<int32_t>(static_cast<uint32_t>(initial[j]) + a_zero * depth * static_cast<uint32_t>(b_zero[j]));
    }
    for (int64_t j = 0; c.bias != nullptr && j < per_group; j++) {
      initial[j] = static_cast<int32_t>(static_cast<uint32_t>(initial[j]) + static_cast<uint32_t>(c.bias[first + j]));
    }
    if (c.multiplier != nullptr) std::memcpy(multiplier, c.multiplier + first, static_cast<size_t>(per_group) * sizeof(float));
    if (c.addend != nullptr) {
      std::memcpy(columns.addend + group * p.columns, c.addend + first, static_cast<size_t>(per_group) * sizeof(float));
    }
  }
  const bool is_finite = c.multiplier == nullptr || std::isfinite(LargestMagnitude(c.multiplier, w.outputs));
  const bool has_room = c.bias == nullptr || LargestMagnitude(c.bias, w.outputs) <= c.bias_room;
  return is_finite && has_room ? Status::kOk : Status::kBadArgument;
}

}  // namespace qk
