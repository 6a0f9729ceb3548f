#include "qk/softmax_f32.h"

namespace qk {
namespace {

SoftmaxF32Table Build(Tier tier) {
  SoftmaxF32Table table = {{qk_softmax_f32_softmax__scalar, Tier::kScalar},
                           {qk_softmax_f32_log__scalar, Tier::kScalar},
                           {qk_softmax_f32_gradient__scalar, Tier::kScalar},
                           {qk_softmax_f32_log_gradient__scalar, Tier::kScalar},
                           {qk_softmax_f32_cross_entropy__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_softmax_f32_softmax__avx2, Tier::kAvx2},
             {qk_softmax_f32_log__avx2, Tier::kAvx2},
             {qk_softmax_f32_gradient__avx2, Tier::kAvx2},
             {qk_softmax_f32_log_gradient__avx2, Tier::kAvx2},
             {qk_softmax_f32_cross_entropy__avx2, Tier::kAvx2}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_softmax_f32_softmax__neon, Tier::kNeon},
             {qk_softmax_f32_log__neon, Tier::kNeon},
             {qk_softmax_f32_gradient__neon, Tier::kNeon},
             {qk_softmax_f32_log_gradient__neon, Tier::kNeon},
             {qk_softmax_f32_cross_entropy__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const SoftmaxF32Table& SoftmaxF32Tables(Tier tier) {
  static const Tables<SoftmaxF32Table> tables(Build);
  return tables[tier];
}

void VisitSoftmaxF32(Tier tier, OpVisitor visit, void* context) {
  const SoftmaxF32Table& table = SoftmaxF32Tables(tier);
  visit(context, "softmax_f32_softmax", table.softmax.tier);
  visit(context, "softmax_f32_log", table.log.tier);
  visit(context, "softmax_f32_gradient", table.gradient.tier);
  visit(context, "softmax_f32_log_gradient", table.log_gradient.tier);
  visit(context, "softmax_f32_cross_entropy", table.cross_entropy.tier);
}

}  // namespace qk
