#ifndef QK_OPTIMIZER_F32_H_
#define QK_OPTIMIZER_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

namespace qk {

// accumulation = momentum * accumulation + gradient
// variable -= learning_rate * (nesterov ? gradient + momentum * accumulation : accumulation)
struct MomentumF32 {
  float learning_rate, momentum;
  bool nesterov;
};

// first = beta1 first + (1 - beta1) gradient,  second = beta2 second + (1 - beta2) gradient^2
// variable -= learning_rate * (first * first_correction) / (sqrt(second * second_correction) + epsilon)
// with corrections 1 / (1 - beta^step). Kingma and Ba 2015, arXiv:1412.6980.
struct AdamF32 {
  float learning_rate, beta1, beta2, epsilon, first_correction, second_correction;
};

}  // namespace qk

// variable[i] -= learning_rate * gradient[i]. The arrays of one call do not overlap. Rounding: a product and a sum each, on
// every tier, so results are bit-identical across tiers.
using QkSgdF32 = void(float learning_rate, const float* gradient, int64_t n, float* variable);
using QkMomentumF32 = void(const qk::MomentumF32& rule, const float* gradient, int64_t n, float* accumulation, float* variable);
using QkAdamF32 = void(const qk::AdamF32& rule, const float* gradient, int64_t n, float* first, float* second, float* variable);

extern "C" {
QkSgdF32 qk_optimizer_f32_sgd__scalar, qk_optimizer_f32_sgd__avx2, qk_optimizer_f32_sgd__neon;
QkMomentumF32 qk_optimizer_f32_momentum__scalar, qk_optimizer_f32_momentum__avx2, qk_optimizer_f32_momentum__neon;
QkAdamF32 qk_optimizer_f32_adam__scalar, qk_optimizer_f32_adam__avx2, qk_optimizer_f32_adam__neon;
}

namespace qk {

class Context;

struct OptimizerF32Table {
  Op<QkSgdF32*> sgd;
  Op<QkMomentumF32*> momentum;
  Op<QkAdamF32*> adam;
};

const OptimizerF32Table& OptimizerF32Tables(Tier tier);
void VisitOptimizerF32(Tier tier, OpVisitor visit, void* context);

Status RunSgdF32(Context& context, float learning_rate, const float* gradient, int64_t n, float* variable);
Status RunMomentumF32(Context& context, const MomentumF32& rule, const float* gradient, int64_t n, float* accumulation,
                      float* variable);
Status RunAdamF32(Context& context, const AdamF32& rule, const float* gradient, int64_t n, float* first, float* second,
                  float* variable);

}  // namespace qk

#endif  // QK_OPTIMIZER_F32_H_
