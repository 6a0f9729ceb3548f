#include <algorithm>
#include <cmath>
#include <cstring>

#include "qk/depthwise_conv_i8.h"
#include "qk/largest_magnitude.h"

namespace qk {
namespace {

// Outputs of a task, about: 2 µs, so that threads end together.
constexpr int64_t kTaskOutputs = 16384;
constexpr int64_t kLargestKernel = 64;
// Products below it round to an int32; leaves room for the rounding of `reach`.
constexpr float kLargestRounded = 2.0e9f;

// Position of channel c of a block: the inverse of DepthwiseI8Channel.
int64_t PackedPosition(int64_t c) { return c / 4 % 4 * 16 + c / 16 * 4 + c % 4; }

// Channel of packed position i, counted over all blocks.
int64_t ChannelAt(int64_t i) { return i / 64 * 64 + DepthwiseI8Channel(i % 64 / 16, i % 16); }

// Output rows cut into tasks of (almost) the same number of rows.
struct Tasks {
  int64_t rows;
  int64_t count;
  int64_t unit;  // boundaries are multiples of it

  // First row of a task; rows at the end of the last one.
  int64_t First(int64_t task) const { return task == count ? rows : rows * task / count / unit * unit; }
};

// As many tasks for every thread, and rows that are computed together in one task, where there are enough rows for both.
Tasks DealRows(int64_t rows, int64_t row_outputs, int64_t together, int threads) {
  if (threads == 1) return {rows, 1, 1};
  const int64_t wanted = CeilDiv(CeilDiv(rows * row_outputs, kTaskOutputs), threads) * threads;
  const int64_t most = std::max<int64_t>(threads, rows / (2 * together) / threads * threads);
  const int64_t count = std::min({wanted, most, rows});
  return {rows, count, rows >= 2 * together * count ? together : 1};
}

}  // namespace

int64_t DepthwiseI8PackedChannels(int64_t channels) { return CeilDiv(channels, kDepthwiseI8Block) * kDepthwiseI8Block; }

int64_t DepthwiseI8PackedBytes(int64_t channels, int64_t kernel_height, int64_t kernel_width) {
  return DepthwiseI8PackedChannels(channels) * kernel_width * CeilDiv(kernel_height, 4) * 4;
}

void PackDepthwiseI8(int64_t channels, int64_t kernel_height, int64_t kernel_width, const uint8_t* source, uint8_t flip,
                     int8_t* packed, int32_t* sums) {
  std::memset(packed, 0, static_cast<size_t>(DepthwiseI8PackedBytes(channels, kernel_height, kernel_width)));
  const int64_t row_groups = CeilDiv(kernel_height, 4);
  for (int64_t i = 0; i < DepthwiseI8PackedChannels(channels); i++) {
    const int64_t channel = ChannelAt(i);
    sums[i] = 0;
    if (channel >= channels) continue;
    for (int64_t y = 0; y < kernel_height; y++) {
      for (int64_t x = 0; x < kernel_width; x++) {
        const int8_t weight = static_cast<int8_t>(source[(channel * kernel_height + y) * kernel_width + x] ^ flip);
        const int64_t vectors = (i / 64 * kernel_width + x) * row_groups + y / 4;
        packed[vectors * 256 + i % 64 * 4 + y % 4] = weight;
        sums[i] += weight;
      }
    }
  }
}

Status RunDepthwiseConvI8(Context& context, const DepthwiseConvI8Call& c) {
  if (c.kernel_height > kLargestKernel) return Status::kBadArgument;
  Scratch scratch(context);
  const int64_t packed_channels = DepthwiseI8PackedChannels(c.channels);
  int32_t* initial = scratch.Take<int32_t>(static_cast<size_t>(packed_channels));
  float* multiplier = scratch.Take<float>(static_cast<size_t>(packed_channels));
  uint8_t* pad = scratch.Take<uint8_t>(static_cast<size_t>(packed_channels));
  if (!initial || !multiplier || !pad) return Status::kOutOfMemory;
  // Every window is whole (padding reads the zero point), so the correction is one constant per channel.
  const uint32_t zero = static_cast<uint32_t>(c.input_zero + (c.input_signed ? 128 : 0));
  std::memset(multiplier, 0, static_cast<size_t>(packed_channels) * sizeof(float));
  for (int64_t i = 0; i < packed_channels; i++) initial[i] = static_cast<int32_t>(0 - zero * static_cast<uint32_t>(c.sums[i]));
  for (int64_t first = 0; first < c.channels; first += 4) {
    // Four neighbouring channels are neighbours in packed order, too.
    const int64_t at = first / 64 * 64 + PackedPosition(first % 64);
    const int64_t count = std::min<int64_t>(4, c.channels - first);
    std::memcpy(multiplier + at, c.multiplier + first, static_cast<size_t>(count) * sizeof(float));
    for (int64_t i = 0; c.bias != nullptr && i < count; i++) {
      initial[at + i] = static_cast<int32_t>(static_cast<uint32_t>(initial[at + i]) + static_cast<uint32_t>(c.bias[first + i]));
    }
  }
  const int64_t largest_bias = c.bias == nullptr ? 0 : LargestMagnitude(c.bias, c.channels);
  const float largest_multiplier = LargestMagnitude(c.multiplier, c.channels);
  if (!std::isfinite(largest_multiplier) || largest_bias > c.bias_room) return Status::kBadArgument;
  const float largest_sum = static_cast<float>(c.kernel_height * c.kernel_width * 255 * 128) + static_cast<float>(largest_bias);
  const bool may_exceed = !(largest_sum * largest_multiplier < kLargestRounded);
  std::memset(pad, static_cast<uint8_t>(c.input_zero), static_cast<size_t>(packed_channels));

  const DepthwiseI8Table& kernels = DepthwiseI8Tables(context.tier());
  // Two rows at a time where their windows share image rows.
  const int64_t out_rows = c.stride_y == 1 && c.dilation_y == 1 ? 2 : 1;
  const Tasks tasks = DealRows(c.batch * c.out_height, c.out_width * c.channels, out_rows, context.pool().threads());
  context.pool().ParallelFor(tasks.count, 1, [&](int64_t begin, int64_t end, int) {
    const uint8_t* rows[kLargestKernel + 1];
    int64_t column_stride[kLargestKernel + 1];
    DepthwiseI8Row row{};
    row.rows = rows;
    row.column_stride = column_stride;
    row.pad = pad;
    row.width = c.width;
    row.channels = c.channels;
    row.kernel_height = c.kernel_height;
    row.kernel_width = c.kernel_width;
    row.stride_x = c.stride_x;
    row.dilation_x = c.dilation_x;
    row.pad_left = c.pad_left;
    row.out_width = c.out_width;
    row.flip = c.input_signed ? 0x80808080u : 0;
    row.weights = c.packed;
    row.initial = initial;
    row.multiplier = multiplier;
    row.zero_point = c.zero_point;
    row.qmin = c.qmin;
    row.qmax = c.qmax;
    row.signed_codes = c.signed_codes;
    row.may_exceed = may_exceed;
    const int64_t last = tasks.First(end);
    for (int64_t i = tasks.First(begin); i < last; i += row.out_rows) {
      const uint8_t* image = c.input + i / c.out_height * c.height * c.width * c.channels;
      const int64_t first = i % c.out_height;
      row.out_rows = std::min({out_rows, c.out_height - first, last - i});
      for (int64_t k = 0; k < c.kernel_height + row.out_rows - 1; k++) {
        const int64_t y = first * c.stride_y + k * c.dilation_y - c.pad_top;
        const bool inside = y >= 0 && y < c.height;
        rows[k] = inside ? image + y * c.width * c.channels : pad;
        column_stride[k] = inside ? c.channels : 0;
      }
      row.out = c.out + i * c.out_width * c.channels;
      kernels.row.run(row);
    }
  });
  return Status::kOk;
}

}  // namespace qk
