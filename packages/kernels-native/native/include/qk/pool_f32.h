#ifndef QK_POOL_F32_H_
#define QK_POOL_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

// Kernels of one window: `taps` pixels of `channels` floats each, taps >= 1. Comparisons with NaN are false, so a NaN is never
// chosen over a number, unless it comes first.

// y[c] = max_t taps[t][c]
using QkPoolMax = void(const float* const* taps, int64_t count, int64_t channels, float* y);
// y[c] = scale * sum_t taps[t][c]
using QkPoolSum = void(const float* const* taps, int64_t count, int64_t channels, float scale, float* y);
// dtaps[t][c] += dy[c] for the first t with taps[t][c] == y[c]
using QkPoolMaxGradient = void(const float* const* taps, const float* y, const float* dy, int64_t count, int64_t channels,
                               float* const* dtaps);
// dtaps[t][c] += scale * dy[c]
using QkPoolSumGradient = void(const float* dy, int64_t count, int64_t channels, float scale, float* const* dtaps);

extern "C" {
QkPoolMax qk_pool_f32_max__scalar, qk_pool_f32_max__avx2, qk_pool_f32_max__neon;
QkPoolSum qk_pool_f32_sum__scalar, qk_pool_f32_sum__avx2, qk_pool_f32_sum__neon;
QkPoolMaxGradient qk_pool_f32_max_gradient__scalar, qk_pool_f32_max_gradient__avx2, qk_pool_f32_max_gradient__neon;
QkPoolSumGradient qk_pool_f32_sum_gradient__scalar, qk_pool_f32_sum_gradient__avx2, qk_pool_f32_sum_gradient__neon;
}

namespace qk {

class Context;

struct PoolF32Table {
  Op<QkPoolMax*> max;
  Op<QkPoolSum*> sum;
  Op<QkPoolMaxGradient*> max_gradient;
  Op<QkPoolSumGradient*> sum_gradient;
};

const PoolF32Table& PoolF32Tables(Tier tier);
void VisitPoolF32(Tier tier, OpVisitor visit, void* context);

// x [batch][in_height][in_width][channels], y [batch][out_height][out_width][channels]
struct PoolShape {
  int64_t batch;
  int64_t in_height, in_width, channels;
  int64_t out_height, out_width;
  int64_t window_height, window_width;
  int64_t stride_height, stride_width;
  int64_t dilation_height, dilation_width;
  int64_t pad_top, pad_left;
};

enum class PoolF32 : int32_t {
  kMax,              // of a window outside x: -infinity
  kAverage,          // over the pixels inside x; of none: 0
  kAverageOfWindow,  // over the whole window, pixels outside count as zero
};

Status RunPoolF32(Context& context, PoolF32 kind, const PoolShape& shape, const float* x, float* y);

// x and y are needed for kMax only: the first pixel of a window that equals y gets the gradient.
Status RunPoolBackwardF32(Context& context, PoolF32 kind, const PoolShape& shape, const float* dy, const float* x,
                          const float* y, float* dx);

}  // namespace qk

#endif  // QK_POOL_F32_H_
