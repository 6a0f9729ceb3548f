// depthwise_conv_i8: depthwise convolution of codes, requantized to codes. One filter per channel.
//   input [N][H][W][C], weights [C][KH][KW] packed once, output [N][OH][OW][C]
#ifndef QK_DEPTHWISE_CONV_I8_H_
#define QK_DEPTHWISE_CONV_I8_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/depthwise_i8.h"
#include "qk/types.h"

namespace qk {

// Bytes of packed weights, and entries of everything that is packed per channel.
int64_t DepthwiseI8PackedBytes(int64_t channels, int64_t kernel_height, int64_t kernel_width);
int64_t DepthwiseI8PackedChannels(int64_t channels);

// `flip` 0x80 turns uint8 weights into int8 ones. sums [DepthwiseI8PackedChannels] receives the sum of every filter.
void PackDepthwiseI8(int64_t channels, int64_t kernel_height, int64_t kernel_width, const uint8_t* source, uint8_t flip,
                     int8_t* packed, int32_t* sums);

struct DepthwiseConvI8Call {
  int64_t channels, kernel_height, kernel_width;
  const int8_t* packed;
  const int32_t* sums;
  int64_t batch, height, width, out_height, out_width;
  int64_t stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
  const uint8_t* input;
  bool input_signed;
  int32_t input_zero;
  const int32_t* bias;       // [C] or null
  int32_t bias_room;         // a bias of larger magnitude could overflow an accumulator: kBadArgument
  const float* multiplier;   // [C]
  int32_t zero_point, qmin, qmax;
  bool signed_codes;
  uint8_t* out;
};

// kBadArgument also where a multiplier is not finite.
Status RunDepthwiseConvI8(Context& context, const DepthwiseConvI8Call& call);

}  // namespace qk

#endif  // QK_DEPTHWISE_CONV_I8_H_
