#ifndef QK_RESIZE_F32_H_
#define QK_RESIZE_F32_H_

#include <cstdint>

#include "qk/types.h"

namespace qk {

class Context;

enum class ResizeF32 : int32_t { kNearest, kBilinear };

// x [batch][in_height][in_width][channels] to y [batch][out_height][out_width][channels].
//
// Output i of an axis lies at source position i * ratio, or (i + 1/2) * ratio - 1/2 with half-pixel centers (nearest: without
// the last 1/2), where ratio = in / out, or (in - 1) / (out - 1) with aligned corners and out > 1; in double. Bilinear mixes
// the two pixels around it, nearest takes the one below (with aligned corners: the closest, halves up), inside the image.
struct ResizeF32Call {
  ResizeF32 method;
  bool align_corners;
  bool half_pixel_centers;
  int64_t batch, in_height, in_width, channels, out_height, out_width;
};

// Rounding, bilinear: left + (right - left) * weight for the upper and for the lower line, then the same between these.
Status RunResizeF32(Context& context, const ResizeF32Call& call, const float* x, float* y);

// dx = gradient of the input: each line of dx adds up the lines of dy that read it, in their order.
Status RunResizeBackwardF32(Context& context, const ResizeF32Call& call, const float* dy, float* dx);

}  // namespace qk

#endif  // QK_RESIZE_F32_H_
