// The kernels of optimizer_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction
// set. The remainder behind whole vectors runs the scalar kernel, which rounds the same.
#ifndef QK_KERNELS_OPTIMIZER_F32_OPTIMIZER_SIMD_H_
#define QK_KERNELS_OPTIMIZER_F32_OPTIMIZER_SIMD_H_

#include "qk/optimizer_f32.h"

namespace {

inline void Sgd(float learning_rate, const float* gradient, int64_t n, float* variable) {
  const F32 rate = Set(learning_rate);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) Store(variable + i, Sub(Load(variable + i), Mul(rate, Load(gradient + i))));
  qk_optimizer_f32_sgd__scalar(learning_rate, gradient + i, n - i, variable + i);
}

inline void Momentum(const qk::MomentumF32& rule, const float* gradient, int64_t n, float* accumulation, float* variable) {
  const F32 rate = Set(rule.learning_rate), momentum = Set(rule.momentum);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const F32 g = Load(gradient + i);
    const F32 sum = Add(Mul(momentum, Load(accumulation + i)), g);
    Store(accumulation + i, sum);
    const F32 step = rule.nesterov ? Add(g, Mul(momentum, sum)) : sum;
    Store(variable + i, Sub(Load(variable + i), Mul(rate, step)));
  }
  qk_optimizer_f32_momentum__scalar(rule, gradient + i, n - i, accumulation + i, variable + i);
}

inline void Adam(const qk::AdamF32& rule, const float* gradient, int64_t n, float* first, float* second, float* variable) {
  const F32 rate = Set(rule.learning_rate), epsilon = Set(rule.epsilon);
  const F32 beta1 = Set(rule.beta1), beta2 = Set(rule.beta2), rest1 = Set(1 - rule.beta1), rest2 = Set(1 - rule.beta2);
  const F32 correction1 = Set(rule.first_correction), correction2 = Set(rule.second_correction);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const F32 g = Load(gradient + i);
    const F32 m = Add(Mul(beta1, Load(first + i)), Mul(rest1, g));
    const F32 v = Add(Mul(beta2, Load(second + i)), Mul(rest2, Mul(g, g)));
    Store(first + i, m);
    Store(second + i, v);
    const F32 root = Add(Sqrt(Mul(v, correction2)), epsilon);
    Store(variable + i, Sub(Load(variable + i), Mul(rate, Div(Mul(m, correction1), root))));
  }
  qk_optimizer_f32_adam__scalar(rule, gradient + i, n - i, first + i, second + i, variable + i);
}

}  // namespace

#endif  // QK_KERNELS_OPTIMIZER_F32_OPTIMIZER_SIMD_H_
