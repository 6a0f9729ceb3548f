#include "qk/pool_f32.h"

namespace qk {
namespace {

PoolF32Table Build(Tier tier) {
  PoolF32Table table = {{qk_pool_f32_max__scalar, Tier::kScalar},
                        {qk_pool_f32_sum__scalar, Tier::kScalar},
                        {qk_pool_f32_max_gradient__scalar, Tier::kScalar},
                        {qk_pool_f32_sum_gradient__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_pool_f32_max__avx2, Tier::kAvx2},
             {qk_pool_f32_sum__avx2, Tier::kAvx2},
             {qk_pool_f32_max_gradient__avx2, Tier::kAvx2},
             {qk_pool_f32_sum_gradient__avx2, Tier::kAvx2}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_pool_f32_max__neon, Tier::kNeon},
             {qk_pool_f32_sum__neon, Tier::kNeon},
             {qk_pool_f32_max_gradient__neon, Tier::kNeon},
             {qk_pool_f32_sum_gradient__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const PoolF32Table& PoolF32Tables(Tier tier) {
  static const Tables<PoolF32Table> tables(Build);
  return tables[tier];
}

void VisitPoolF32(Tier tier, OpVisitor visit, void* context) {
  const PoolF32Table& table = PoolF32Tables(tier);
  visit(context, "pool_f32_max", table.max.tier);
  visit(context, "pool_f32_sum", table.sum.tier);
  visit(context, "pool_f32_max_gradient", table.max_gradient.tier);
  visit(context, "pool_f32_sum_gradient", table.sum_gradient.tier);
}

}  // namespace qk
