// operators_i8: operators on codes around the convolutions, NHWC: pooling, resizing, softmax, and loops over the threads for
// elementwise_i8 and lookup_i8.
#ifndef QK_OPERATORS_I8_H_
#define QK_OPERATORS_I8_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/elementwise_i8.h"
#include "qk/types.h"

namespace qk {

void RunElementwiseI8(Context& context, bool is_add, const ElementwiseI8& call);

void RunLookupI8(Context& context, const uint8_t* codes, int64_t count, const uint8_t* table, uint8_t* out);

// out[row][column + j] = table[codes[row][j]]: one input of a concatenation, brought to the scale of the output.
void RunConcatI8(Context& context, const uint8_t* codes, int64_t rows, int64_t width, const uint8_t* table, uint8_t* out,
                 int64_t out_width, int64_t column);

struct PoolI8Call {
  bool is_average;
  int64_t batch, height, width, channels, out_height, out_width;
  int64_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left, pad_bottom, pad_right;
  bool counts_padding;
  const uint8_t* input;
  uint8_t flip, flip_out;
  int32_t zero;
  float ratio;
  int32_t zero_point, qmin, qmax;
  uint8_t* out;
};

// kBadArgument when a window has no pixel of the image.
Status RunPoolI8(Context& context, const PoolI8Call& call);

// Source position of output i along one axis, as ONNX coordinate_transformation_mode.
enum class ResizeCoordinates : int32_t {
  kHalfPixel = 0,     // (i + 1/2) * in / out - 1/2
  kAlignCorners = 1,  // i * (in - 1) / (out - 1)
  kAsymmetric = 2,    // i * in / out
};

struct ResizeI8Call {
  int64_t batch, height, width, channels, out_height, out_width;
  bool is_linear;
  bool rounds_down;  // nearest: floor of the position; otherwise the nearest pixel, halves to the lower one
  ResizeCoordinates coordinates;
  const uint8_t* input;
  uint8_t flip;
  uint8_t* out;
};

// Nearest copies pixels. Linear: weights in 1/2048 per axis, out = (sum of weights * codes + 2^21) >> 22.
Status RunResizeI8(Context& context, const ResizeI8Call& call);

// Rows of codes to probabilities:  t = table[largest - code], sum = exact sum of t,
//   out = saturate(roundHalfEven(fround(fround(t) * fround(inverse_scale / fround(sum)))) + zero_point)
struct SoftmaxI8Call {
  int64_t rows, columns;
  const uint8_t* input;
  uint8_t flip, flip_out;
  const uint32_t* table;   // [256] exp(-scale * d) * 2^23, rounded
  float inverse_scale;     // 1 / scale of the output
  int32_t zero_point, qmin, qmax;
  uint8_t* out;
};

void RunSoftmaxI8(Context& context, const SoftmaxI8Call& call);

}  // namespace qk

#endif  // QK_OPERATORS_I8_H_
