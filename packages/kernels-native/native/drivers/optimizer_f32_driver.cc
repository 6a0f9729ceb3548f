#include "qk/context.h"
#include "qk/optimizer_f32.h"

namespace qk {
namespace {

constexpr int64_t kGrain = 32 * 1024;

}  // namespace

Status RunSgdF32(Context& context, float learning_rate, const float* gradient, int64_t n, float* variable) {
  const OptimizerF32Table& table = OptimizerF32Tables(context.tier());
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) {
    table.sgd.run(learning_rate, gradient + begin, end - begin, variable + begin);
  });
  return Status::kOk;
}

Status RunMomentumF32(Context& context, const MomentumF32& rule, const float* gradient, int64_t n, float* accumulation,
                      float* variable) {
  const OptimizerF32Table& table = OptimizerF32Tables(context.tier());
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) {
    table.momentum.run(rule, gradient + begin, end - begin, accumulation + begin, variable + begin);
  });
  return Status::kOk;
}

Status RunAdamF32(Context& context, const AdamF32& rule, const float* gradient, int64_t n, float* first, float* second,
                  float* variable) {
  const OptimizerF32Table& table = OptimizerF32Tables(context.tier());
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) {
    table.adam.run(rule, gradient + begin, end - begin, first + begin, second + begin, variable + begin);
  });
  return Status::kOk;
}

}  // namespace qk
