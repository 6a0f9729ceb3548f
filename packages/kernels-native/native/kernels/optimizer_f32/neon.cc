#include "../simd/f32x4_neon.h"
#include "optimizer_simd.h"

void qk_optimizer_f32_sgd__neon(float learning_rate, const float* gradient, int64_t n, float* variable) {
  Sgd(learning_rate, gradient, n, variable);
}

void qk_optimizer_f32_momentum__neon(const qk::MomentumF32& rule, const float* gradient, int64_t n, float* accumulation,
                                     float* variable) {
  Momentum(rule, gradient, n, accumulation, variable);
}

void qk_optimizer_f32_adam__neon(const qk::AdamF32& rule, const float* gradient, int64_t n, float* first, float* second,
                                 float* variable) {
  Adam(rule, gradient, n, first, second, variable);
}
