#include <cmath>

#include "qk/optimizer_f32.h"

void qk_optimizer_f32_sgd__scalar(float learning_rate, const float* gradient, int64_t n, float* variable) {
  for (int64_t i = 0; i < n; i++) variable[i] -= learning_rate * gradient[i];
}

void qk_optimizer_f32_momentum__scalar(const qk::MomentumF32& rule, const float* gradient, int64_t n, float* accumulation,
                                       float* variable) {
  for (int64_t i = 0; i < n; i++) {
    accumulation[i] = rule.momentum * accumulation[i] + gradient[i];
    const float step = rule.nesterov ? gradient[i] + rule.momentum * accumulation[i] : accumulation[i];
    variable[i] -= rule.learning_rate * step;
  }
}

void qk_optimizer_f32_adam__scalar(const qk::AdamF32& rule, const float* gradient, int64_t n, float* first, float* second,
                                   float* variable) {
  for (int64_t i = 0; i < n; i++) {
    first[i] = rule.beta1 * first[i] + (1 - rule.beta1) * gradient[i];
    second[i] = rule.beta2 * second[i] + (1 - rule.beta2) * (gradient[i] * gradient[i]);
    const float root = std::sqrt(second[i] * rule.second_correction) + rule.epsilon;
    variable[i] -= rule.learning_rate * ((first[i] * rule.first_correction) / root);
  }
}
