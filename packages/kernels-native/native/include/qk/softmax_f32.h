#ifndef QK_SOFTMAX_F32_H_
#define QK_SOFTMAX_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

// Kernels over rows of x[rows][columns], contiguous, columns >= 1. Error: within (columns + 8) * 2^-24 of the exact value,
// relative for softmax, absolute (times max |x|) for its logarithm.

// y = e^(x - max) / sum e^(x - max) along each row; y may be x.
using QkSoftmax = void(const float* x, int64_t rows, int64_t columns, float* y);
// y = x - max - log(sum e^(x - max)); y may be x.
using QkLogSoftmax = void(const float* x, int64_t rows, int64_t columns, float* y);
// Gradients: dx = y (dy - sum dy y) for y = softmax(x), dx = dy - e^y sum dy for y = log softmax(x); dx may be dy.
using QkSoftmaxGradient = void(const float* dy, const float* y, int64_t rows, int64_t columns, float* dx);
// loss[r] = -sum labels log softmax(logits);  dlogits = softmax(logits) sum labels - labels, or null
using QkCrossEntropy = void(const float* logits, const float* labels, int64_t rows, int64_t columns, float* loss,
                            float* dlogits);

extern "C" {
QkSoftmax qk_softmax_f32_softmax__scalar, qk_softmax_f32_softmax__avx2, qk_softmax_f32_softmax__neon;
QkLogSoftmax qk_softmax_f32_log__scalar, qk_softmax_f32_log__avx2, qk_softmax_f32_log__neon;
QkSoftmaxGradient qk_softmax_f32_gradient__scalar, qk_softmax_f32_gradient__avx2, qk_softmax_f32_gradient__neon;
QkSoftmaxGradient qk_softmax_f32_log_gradient__scalar, qk_softmax_f32_log_gradient__avx2, qk_softmax_f32_log_gradient__neon;
QkCrossEntropy qk_softmax_f32_cross_entropy__scalar, qk_softmax_f32_cross_entropy__avx2, qk_softmax_f32_cross_entropy__neon;
}

namespace qk {

class Context;

struct SoftmaxF32Table {
  Op<QkSoftmax*> softmax;
  Op<QkLogSoftmax*> log;
  Op<QkSoftmaxGradient*> gradient;
  Op<QkSoftmaxGradient*> log_gradient;
  Op<QkCrossEntropy*> cross_entropy;
};

const SoftmaxF32Table& SoftmaxF32Tables(Tier tier);
void VisitSoftmaxF32(Tier tier, OpVisitor visit, void* context);

Status RunSoftmaxF32(Context& context, bool logarithm, const float* x, int64_t rows, int64_t columns, float* y);
Status RunSoftmaxBackwardF32(Context& context, bool logarithm, const float* dy, const float* y, int64_t rows, int64_t columns,
                             float* dx);
Status RunSoftmaxCrossEntropyF32(Context& context, const float* logits, const float* labels, int64_t rows, int64_t columns,
                                 float* loss, float* dlogits);

}  // namespace qk

#endif  // QK_SOFTMAX_F32_H_
