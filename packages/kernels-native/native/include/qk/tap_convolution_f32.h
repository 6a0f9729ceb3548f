#ifndef QK_TAP_CONVOLUTION_F32_H_
#define QK_TAP_CONVOLUTION_F32_H_

#include <cstdint>

#include "qk/image_window.h"
#include "qk/types.h"

namespace qk {

class Context;

// The one loop under a convolution and under the gradient of its input: every position (i, j) of a grid reads the same taps,
// displacements into the source image, and writes one pixel of the target image.
//
//   target(n, target_top + i * target_step_y, target_left + j * target_step_x)[c] = clamp(bias[c] + residual(same place)[c] +
//       sum_t sum_d source(n, top + i * step_y + tap_y[t], left + j * step_x + tap_x[t])[d] * filter[(t * depth + d)][c])
//
// Pixels outside the source count as zero. A tap may be several neighbouring pixels wide: depth = run * source channels.
struct TapConvolutionF32 {
  int64_t batch;
  const float* source;
  int64_t source_height, source_width, source_channels;
  int64_t grid_height, grid_width;
  int64_t top, left, step_y, step_x;
  const int64_t* tap_y;  // [taps], >= 0
  const int64_t* tap_x;  // [taps], >= 0
  int64_t taps;
  int64_t run;                 // pixels per tap
  int64_t reach_y, reach_x;    // lines and columns of the source under one position
  const float* filter;         // [taps * run * source_channels][channels]
  const float* packed_filter;  // PackF32 of it instead, or null
  int64_t channels;            // of the target
  float* target;
  int64_t target_height, target_width;
  int64_t target_top, target_left, target_step_y, target_step_x;
  const float* bias;      // [channels] or null
  const float* residual;  // like target, or null
  const float* gate;      // like target, or null: the result where it is > 0, else 0; for RunWinogradF32 alone
  float minimum, maximum;
};

Status RunTapConvolutionF32(Context& context, const TapConvolutionF32& call);

}  // namespace qk

#endif  // QK_TAP_CONVOLUTION_F32_H_
