// depthwise_i8__scalar: the definition of depthwise_i8.h, one output at a time.
#include <cmath>

#include "qk/depthwise_i8.h"

namespace {

using qk::DepthwiseI8Row;

// Position of a channel inside its packed block: the inverse of DepthwiseI8Channel.
int64_t PackedPosition(int64_t channel) { return channel / 4 % 4 * 16 + channel / 16 * 4 + channel % 4; }

int32_t Accumulate(const DepthwiseI8Row& p, int64_t r, int64_t x, int64_t block, int64_t position, int64_t channel) {
  const int64_t groups = (p.kernel_height + 3) / 4;
  const uint8_t flip = static_cast<uint8_t>(p.flip);
  uint32_t acc = static_cast<uint32_t>(p.initial[block * 64 + position]);
  for (int64_t j = 0; j < p.kernel_width; j++) {
    const int64_t column = x * p.stride_x + j * p.dilation_x - p.pad_left;
    const bool inside = column >= 0 && column < p.width;
    for (int64_t i = 0; i < p.kernel_height; i++) {
      const uint8_t code = inside ? p.rows[r + i][column * p.column_stride[r + i] + channel] : p.pad[channel];
      const int64_t vector = (block * p.kernel_width + j) * groups + i / 4;
      const int8_t weight = p.weights[vector * 256 + position * 4 + i % 4];
      acc += static_cast<uint32_t>(static_cast<uint8_t>(code ^ flip) * weight);
    }
  }
  return static_cast<int32_t>(acc);
}

}  // namespace

extern "C" void qk_depthwise_i8__scalar(const DepthwiseI8Row& p) {
  const float low = static_cast<float>(p.qmin - p.zero_point);
  const float high = static_cast<float>(p.qmax - p.zero_point);
  for (int64_t pixel = 0; pixel < p.out_rows * p.out_width; pixel++) {
    for (int64_t channel = 0; channel < p.channels; channel++) {
      const int64_t block = channel / 64;
      const int64_t position = PackedPosition(channel % 64);
      const int32_t acc = Accumulate(p, pixel / p.out_width, pixel % p.out_width, block, position, channel);
      const float real = static_cast<float>(acc) * p.multiplier[block * 64 + position];
      const float clamped = real > low ? (real < high ? real : high) : low;
      const int32_t code = static_cast<int32_t>(std::nearbyintf(clamped)) + p.zero_point;
      p.out[pixel * p.channels + channel] = static_cast<uint8_t>(code);
    }
  }
}
