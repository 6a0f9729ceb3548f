#ifndef QK_BATCH_NORM_F32_H_
#define QK_BATCH_NORM_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

// Kernels over a block x[rows][channels], contiguous; per-channel arrays have `channels` elements. Reads and writes exactly
// those. Rounding: sums run over the rows in order, one accumulator per channel; products with fused multiply-add but in the
// scalar tier.

// sum[c] = sum_r (x[r][c] - shift[c]),  squares[c] = sum_r (x[r][c] - shift[c])^2
using QkBatchNormSums = void(const float* x, int64_t rows, int64_t channels, const float* shift, float* sum, float* squares);

// y[r][c] = clamp((x[r][c] - mean[c]) * scale[c] + offset[c] (+ residual[r][c])); y may be x or residual. NaN passes.
using QkBatchNormApply = void(const float* x, int64_t rows, int64_t channels, const float* mean, const float* scale,
                              const float* offset, const float* residual, float minimum, float maximum, float* y);

// With g = dy where y > 0 (y == null: everywhere), else 0:
// sum[c] = sum_r g[r][c],  products[c] = sum_r g[r][c] * (x[r][c] - mean[c])
using QkBatchNormGradientSums = void(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels,
                                     const float* mean, float* sum, float* products);

// dx[r][c] = (g[r][c] - base[c] - (x[r][c] - mean[c]) * slope[c]) * scale[c]; dx may be any of the inputs.
using QkBatchNormGradient = void(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels,
                                 const float* mean, const float* base, const float* slope, const float* scale, float* dx);

extern "C" {
QkBatchNormSums qk_batch_norm_f32_sums__scalar, qk_batch_norm_f32_sums__avx2, qk_batch_norm_f32_sums__avx512vnni,
    qk_batch_norm_f32_sums__neon;
QkBatchNormApply qk_batch_norm_f32_apply__scalar, qk_batch_norm_f32_apply__avx2, qk_batch_norm_f32_apply__avx512vnni,
    qk_batch_norm_f32_apply__neon;
QkBatchNormGradientSums qk_batch_norm_f32_gradient_sums__scalar, qk_batch_norm_f32_gradient_sums__avx2,
    qk_batch_norm_f32_gradient_sums__avx512vnni, qk_batch_norm_f32_gradient_sums__neon;
QkBatchNormGradient qk_batch_norm_f32_gradient__scalar, qk_batch_norm_f32_gradient__avx2,
    qk_batch_norm_f32_gradient__avx512vnni, qk_batch_norm_f32_gradient__neon;
}

namespace qk {

class Context;

struct BatchNormF32Table {
  Op<QkBatchNormSums*> sums;
  Op<QkBatchNormApply*> apply;
  Op<QkBatchNormGradientSums*> gradient_sums;
  Op<QkBatchNormGradient*> gradient;
};

const BatchNormF32Table& BatchNormF32Tables(Tier tier);
void VisitBatchNormF32(Tier tier, OpVisitor visit, void* context);

// Mean and population variance of every channel, over blocks of rows whose size depends on the shape alone, summed in double
// around a first estimate of the mean.
Status MomentsF32(Context& context, int64_t rows, int64_t channels, const float* x, float* mean, float* variance);

struct BatchNormF32Apply {
  int64_t rows, channels;
  float epsilon;
  const float* x;
  const float* mean;
  const float* variance;
  const float* gamma;     // or null: 1
  const float* beta;      // or null: 0
  const float* residual;  // or null
  float minimum, maximum;
  float* y;
};

// y = clamp((x - mean) / sqrt(variance + epsilon) * gamma + beta (+ residual))
Status BatchNormF32(Context& context, const BatchNormF32Apply& call);

struct BatchNormF32Gradient {
  int64_t rows, channels;
  float epsilon;
  const float* dy;
  const float* x;
  const float* y;     // or null: the result after ReLU, whose gradient is then taken first
  const float* mean;  // of the batch
  const float* variance;
  const float* gamma;  // or null: 1
  float* dx;
  float* dgamma;  // or null
  float* dbeta;   // or null
};

// With g = dy * (y > 0), s = 1 / sqrt(variance + epsilon), h = (x - mean) * s and n = rows:
// dbeta = sum g,  dgamma = sum g * h,  dx = gamma * s * (g - dbeta / n - h * dgamma / n)
Status BatchNormBackwardF32(Context& context, const BatchNormF32Gradient& call);

}  // namespace qk

#endif  // QK_BATCH_NORM_F32_H_
