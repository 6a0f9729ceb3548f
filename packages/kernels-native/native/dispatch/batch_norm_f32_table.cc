#include "qk/batch_norm_f32.h"

namespace qk {
namespace {

BatchNormF32Table Build(Tier tier) {
  BatchNormF32Table table = {{qk_batch_norm_f32_sums__scalar, Tier::kScalar},
                             {qk_batch_norm_f32_apply__scalar, Tier::kScalar},
                             {qk_batch_norm_f32_gradient_sums__scalar, Tier::kScalar},
                             {qk_batch_norm_f32_gradient__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_batch_norm_f32_sums__avx2, Tier::kAvx2},
             {qk_batch_norm_f32_apply__avx2, Tier::kAvx2},
             {qk_batch_norm_f32_gradient_sums__avx2, Tier::kAvx2},
             {qk_batch_norm_f32_gradient__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_batch_norm_f32_sums__avx512vnni, Tier::kAvx512Vnni},
             {qk_batch_norm_f32_apply__avx512vnni, Tier::kAvx512Vnni},
             {qk_batch_norm_f32_gradient_sums__avx512vnni, Tier::kAvx512Vnni},
             {qk_batch_norm_f32_gradient__avx512vnni, Tier::kAvx512Vnni}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_batch_norm_f32_sums__neon, Tier::kNeon},
             {qk_batch_norm_f32_apply__neon, Tier::kNeon},
             {qk_batch_norm_f32_gradient_sums__neon, Tier::kNeon},
             {qk_batch_norm_f32_gradient__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const BatchNormF32Table& BatchNormF32Tables(Tier tier) {
  static const Tables<BatchNormF32Table> tables(Build);
  return tables[tier];
}

void VisitBatchNormF32(Tier tier, OpVisitor visit, void* context) {
  const BatchNormF32Table& table = BatchNormF32Tables(tier);
  visit(context, "batch_norm_f32_sums", table.sums.tier);
  visit(context, "batch_norm_f32_apply", table.apply.tier);
  visit(context, "batch_norm_f32_gradient_sums", table.gradient_sums.tier);
  visit(context, "batch_norm_f32_gradient", table.gradient.tier);
}

}  // namespace qk
