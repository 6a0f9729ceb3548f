// conv_b1: convolution of signs with binary or ternary weights.
//   input [N][H][W][C] floats or packed signs, weights [O][KH][KW][C] in {-1, +1} or {-1, 0, +1}, output [N][OH][OW][O]
// A matrix product is a 1x1 convolution over M pixels.
//
// Padding. The border of the packed image holds bits 0 (-1) or 1 (+1). True zero padding is the border of -1 plus, for every
// window, the sum of the weights of its padded taps: a row of `initial` per combination of window rows and columns that lie
// inside, at most (KH + 1)(KW + 1) many.
#ifndef QK_CONV_B1_H_
#define QK_CONV_B1_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/gemm_b1.h"
#include "qk/types.h"

namespace qk {

struct ConvB1Weights {
  int64_t outputs, kernel_height, kernel_width, channels;
  bool is_ternary;
};

struct ConvB1Packing {
  int64_t words;        // per pixel
  int64_t columns;      // outputs, a multiple of 8
  int64_t total_words;  // of packed weights
};

ConvB1Packing PackingOf(const ConvB1Weights& weights);

// weights [O][KH][KW][C] bytes: binary: >= 0 is +1; ternary: their sign. packed: total_words; tap_sums [KH * KW][columns]: sums of
// the weights of every tap; counts [columns]: number of non-zero weights.
void PackConvB1(const ConvB1Weights& weights, const int8_t* source, uint64_t* packed, int32_t* tap_sums, int32_t* counts);

enum class B1Padding : int32_t { kZero = 0, kPlusOne = 1, kMinusOne = 2 };

struct ConvB1Call {
  ConvB1Weights weights;
  const uint64_t* packed;
  const int32_t* tap_sums;
  const int32_t* counts;
  int64_t batch, height, width, out_height, out_width;
  int64_t stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
  B1Padding padding;
  const float* reals;        // input as floats, or
  const uint8_t* signs;      // as packed signs: [N][H][W][words * 8 bytes]
  GemmB1Output output;
  const float* scale;        // [O]; kF32
  const float* offset;       // [O] or null; kF32
  const int32_t* threshold;  // [O]; kBits
  const uint8_t* inverts;    // [ceil(O / 8)]; kBits
  void* out;                 // kBits: [N][OH][OW][ceil(O / 64) * 8 bytes], unused bits 0
};

Status RunConvB1(Context& context, const ConvB1Call& call);

}  // namespace qk

#endif  // QK_CONV_B1_H_
