#ifndef QK_CONV_F32_H_
#define QK_CONV_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

namespace qk {

class Context;

// A 2-D convolution. x [batch][in_height][in_width][in_channels], y [batch][out_height][out_width][out_channels],
// filter [filter_height][filter_width][in_channels][out_channels]; all contiguous.
struct ConvShape {
  int64_t batch;
  int64_t in_height, in_width, in_channels;
  int64_t out_height, out_width, out_channels;
  int64_t filter_height, filter_width;
  int64_t stride_height, stride_width;
  int64_t dilation_height, dilation_width;
  int64_t pad_top, pad_left;
};

// One register tile of the gradient of a filter: a window of pixels of x against the same pixels of dy.
//
//   out[r][j] += sum_l sum_p x[l * x_line + p * x_pixel + r] * dy[l * dy_line + p * dy_pixel + j]
//   0 <= l < lines, 0 <= p < pixels, 0 <= r < rows, 0 <= j < columns
struct ConvF32FilterTile {
  const float* x;
  int64_t x_pixel, x_line;
  const float* dy;
  int64_t dy_pixel, dy_line;
  int64_t pixels, lines;
  float* out;
  int64_t out_stride;
  int64_t rows;     // 1 .. max_rows of the table
  int64_t columns;  // 1 .. max_columns of the table
};

// One line of a convolution three pixels wide with horizontal stride 1, for at most one register of output channels. A pixel of
// x meets three outputs, so each broadcast serves three multiply-adds.
//
//   y[p * y_pixel + j] = clamp(sum_t sum_g sum_c x[taps[t] + (p + g) * channels + c] * filter[((3 t + g) * channels + c) *
//       filter_stride + j] + bias[j] + residual[p * y_pixel + j]),   0 <= g < 3, 0 <= c < channels
struct ConvF32Line {
  const float* x;
  const int64_t* taps;  // [tap_count]: window lines, in floats
  int64_t tap_count;
  int64_t channels;
  const float* filter;
  int64_t filter_stride;
  int64_t pixels, columns;  // columns: 1 .. max_line_columns of the table
  const float* bias;        // or null
  const float* residual;    // or null
  float minimum, maximum;
  float* y;
  int64_t y_pixel;
};

}  // namespace qk

// Rounding: fused multiply-adds in the order t, c, g (scalar: products and sums), then bias and residual.
using QkConvF32Line = void(const qk::ConvF32Line& line);

// Rounding: fused multiply-adds in the order l, p from zero (scalar: products and sums), then the old value of out.
using QkConvF32FilterTile = void(const qk::ConvF32FilterTile& tile);

extern "C" {
QkConvF32FilterTile qk_conv_f32_filter_tile__scalar, qk_conv_f32_filter_tile__avx2, qk_conv_f32_filter_tile__avx512vnni,
    qk_conv_f32_filter_tile__neon;
QkConvF32Line qk_conv_f32_line__scalar, qk_conv_f32_line__avx2, qk_conv_f32_line__avx512vnni, qk_conv_f32_line__neon;
}

namespace qk {

struct ConvF32Table {
  Op<QkConvF32FilterTile*> filter_tile;
  int64_t max_rows;         // of a tile two registers wide
  int64_t max_narrow_rows;  // of a tile at most one register wide
  int64_t max_columns;      // two registers
  Op<QkConvF32Line*> line;
  int64_t max_line_columns;  // one register
};

const ConvF32Table& ConvF32Tables(Tier tier);
void VisitConvF32(Tier tier, OpVisitor visit, void* context);

// y = clamp(convolution(x, filter) + bias (+ residual))
struct ConvF32Call {
  ConvShape shape;
  const float* x;
  const float* filter;
  const float* packed_filter;  // instead: PackF32 of it as a matrix [height * width * in_channels][out_channels], or null
  const float* bias;           // [out_channels] or null
  const float* residual;       // like y, or null
  float* y;
  float minimum, maximum;
};

Status ConvF32(Context& context, const ConvF32Call& call);

// dx = gate(gradient of the input + residual): the convolution of dy with the filter transposed and turned round; with a
// stride, one such convolution per phase of the input grid. The gate lets pass what belongs to a positive number, and makes the
// rest 0: the gradient of a relu before the convolution.
struct ConvF32BackwardInputCall {
  ConvShape shape;
  const float* dy;
  const float* filter;
  const float* residual;  // like dx, or null
  const float* gate;      // like dx, or null
  float* dx;
};

Status ConvF32BackwardInput(Context& context, const ConvF32BackwardInputCall& call);

// dfilter = gradient of the filter; dbias [out_channels] = sum of dy, or null. The batch (Winograd: the tiles) is cut into
// parts that depend on the shape alone, summed in their order, so the result does not depend on the number of threads.
Status ConvF32BackwardFilter(Context& context, const ConvShape& shape, const float* x, const float* dy, float* dfilter,
                             float* dbias);

}  // namespace qk

#endif  // QK_CONV_F32_H_
