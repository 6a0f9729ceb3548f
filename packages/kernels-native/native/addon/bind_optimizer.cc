#include "float_arguments.h"
#include "qk/optimizer_f32.h"

namespace qk {
namespace {

float NextFloat(Arguments& arguments) { return static_cast<float>(arguments.NextDouble()); }

// sgdF32(context, n, learningRate, gradient, variable)
Napi::Value BindSgd(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t n = arguments.NextSize();
  const float learning_rate = NextFloat(arguments);
  const float* gradient = NextFloats(arguments, n);
  float* variable = NextFloats(arguments, n);
  return arguments.Run([=] { return RunSgdF32(*context, learning_rate, gradient, n, variable); });
}

// momentumF32(context, n, learningRate, momentum, nesterov, gradient, accumulation, variable)
Napi::Value BindMomentum(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t n = arguments.NextSize();
  MomentumF32 rule = {};
  rule.learning_rate = NextFloat(arguments);
  rule.momentum = NextFloat(arguments);
  rule.nesterov = arguments.NextBool();
  const float* gradient = NextFloats(arguments, n);
  float* accumulation = NextFloats(arguments, n);
  float* variable = NextFloats(arguments, n);
  return arguments.Run([=] { return RunMomentumF32(*context, rule, gradient, n, accumulation, variable); });
}

// adamF32(context, n, learningRate, beta1, beta2, epsilon, firstCorrection, secondCorrection, gradient, first, second,
// variable)
Napi::Value BindAdam(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t n = arguments.NextSize();
  AdamF32 rule = {};
  for (float* number :
       {&rule.learning_rate, &rule.beta1, &rule.beta2, &rule.epsilon, &rule.first_correction, &rule.second_correction}) {
    *number = NextFloat(arguments);
  }
  const float* gradient = NextFloats(arguments, n);
  float* first = NextFloats(arguments, n);
  float* second = NextFloats(arguments, n);
  float* variable = NextFloats(arguments, n);
  return arguments.Run([=] { return RunAdamF32(*context, rule, gradient, n, first, second, variable); });
}

}  // namespace

void RegisterOptimizer(Napi::Env, Napi::Object exports) {
  Export(exports, "sgdF32", BindSgd);
  Export(exports, "momentumF32", BindMomentum);
  Export(exports, "adamF32", BindAdam);
  ExportOperations(exports, VisitOptimizerF32);
}

}  // namespace qk
