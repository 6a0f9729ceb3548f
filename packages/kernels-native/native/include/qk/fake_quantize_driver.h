#ifndef QK_FAKE_QUANTIZE_DRIVER_H_
#define QK_FAKE_QUANTIZE_DRIVER_H_

#include "qk/context.h"
#include "qk/grid_params.h"
#include "qk/types.h"

namespace qk {

// Formulas: qk/fake_quantize_f32.h. Gradients of parameters, [layout.parameters()] each, are multiplied by gradient_scale. They
// are summed in float64 over ranges that do not depend on the number of threads.
Status FakeQuantize(Context& context, const GridParams& grid, const float* x, float* y);
Status FakeQuantizeBackward(Context& context, const GridParams& grid, const float* dy, const float* x, float* dx);
Status LearnedStepBackward(Context& context, const GridParams& grid, float gradient_scale, const float* dy, const float* x,
                           float* dx, float* dscale, float* doffset);
Status ClippingLevelBackward(Context& context, const GridParams& grid, float gradient_scale, bool has_full_gradient,
                             const float* dy, const float* x, float* dx, float* dlevel);
Status SoftStaircaseBackward(Context& context, const GridParams& grid, const float* alpha, float gradient_scale,
                             const float* dy, const float* x, float* dx, float* dlower, float* dupper, float* dalpha);

}  // namespace qk

#endif  // QK_FAKE_QUANTIZE_DRIVER_H_
