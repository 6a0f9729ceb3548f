#include "qk/optimizer_f32.h"

namespace qk {
namespace {

OptimizerF32Table Build(Tier tier) {
  OptimizerF32Table table = {{qk_optimizer_f32_sgd__scalar, Tier::kScalar},
                             {qk_optimizer_f32_momentum__scalar, Tier::kScalar},
                             {qk_optimizer_f32_adam__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_optimizer_f32_sgd__avx2, Tier::kAvx2},
             {qk_optimizer_f32_momentum__avx2, Tier::kAvx2},
             {qk_optimizer_f32_adam__avx2, Tier::kAvx2}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_optimizer_f32_sgd__neon, Tier::kNeon},
             {qk_optimizer_f32_momentum__neon, Tier::kNeon},
             {qk_optimizer_f32_adam__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const OptimizerF32Table& OptimizerF32Tables(Tier tier) {
  static const Tables<OptimizerF32Table> tables(Build);
  return tables[tier];
}

void VisitOptimizerF32(Tier tier, OpVisitor visit, void* context) {
  const OptimizerF32Table& table = OptimizerF32Tables(tier);
  visit(context, "optimizer_f32_sgd", table.sgd.tier);
  visit(context, "optimizer_f32_momentum", table.momentum.tier);
  visit(context, "optimizer_f32_adam", table.adam.tier);
}

}  // namespace qk
