#ifndef QK_DEPTHWISE_F32_H_
#define QK_DEPTHWISE_F32_H_

#include <cstdint>

#include "qk/conv_f32.h"
#include "qk/table.h"
#include "qk/types.h"

namespace qk {

// One line of a depthwise convolution.
//
//   y[p * y_step + c] = clamp(bias[c] + sum_t taps[t][p * x_step + c] * filter[t * channels + c])
//   0 <= p < pixels, 0 <= c < channels, 0 <= t < count
struct DepthwiseF32Line {
  const float* const* taps;  // [count]: pixel 0 of every tap
  int64_t count;             // 0 gives the bias alone
  int64_t x_step;
  const float* filter;  // [count][channels]
  const float* bias;    // [channels] or null
  int64_t pixels, channels;
  float* y;
  int64_t y_step;
  float minimum, maximum;  // NaN passes
};

// The same line's part of the filter gradient.
//
//   out[t * channels + c] += sum_p taps[t][p * x_step + c] * dy[p * dy_step + c]
struct DepthwiseF32FilterLine {
  const float* const* taps;
  int64_t count;
  int64_t x_step;
  const float* dy;
  int64_t dy_step;
  int64_t pixels, channels;
  float* out;
};

}  // namespace qk

// Rounding: fused multiply-adds in the order of taps (of pixels), scalar: products and sums; then the bias (the old value).
using QkDepthwiseF32Line = void(const qk::DepthwiseF32Line& line);
using QkDepthwiseF32FilterLine = void(const qk::DepthwiseF32FilterLine& line);

extern "C" {
QkDepthwiseF32Line qk_depthwise_f32_line__scalar, qk_depthwise_f32_line__avx2, qk_depthwise_f32_line__avx512vnni,
    qk_depthwise_f32_line__neon;
QkDepthwiseF32FilterLine qk_depthwise_f32_filter_line__scalar, qk_depthwise_f32_filter_line__avx2,
    qk_depthwise_f32_filter_line__avx512vnni, qk_depthwise_f32_filter_line__neon;
}

namespace qk {

class Context;

struct DepthwiseF32Table {
  Op<QkDepthwiseF32Line*> line;
  Op<QkDepthwiseF32FilterLine*> filter_line;
};

const DepthwiseF32Table& DepthwiseF32Tables(Tier tier);
void VisitDepthwiseF32(Tier tier, OpVisitor visit, void* context);

// Depthwise convolution: output channel c * multiplier + q reads input channel c. shape.out_channels = in_channels *
// multiplier, filter [filter_height][filter_width][in_channels][multiplier]; the rest as for ConvF32.
struct DepthwiseF32Call {
  ConvShape shape;
  const float* x;
  const float* filter;
  const float* bias;  // [out_channels] or null
  float* y;
  float minimum, maximum;
};

Status DepthwiseF32(Context& context, const DepthwiseF32Call& call);
Status DepthwiseF32BackwardInput(Context& context, const ConvShape& shape, const float* dy, const float* filter, float* dx);
Status DepthwiseF32BackwardFilter(Context& context, const ConvShape& shape, const float* x, const float* dy, float* dfilter);

}  // namespace qk

#endif  // QK_DEPTHWISE_F32_H_
