#include "qk/elementwise_f32.h"

namespace qk {
namespace {

ElementwiseF32Table Build(Tier tier) {
  ElementwiseF32Table table = {{qk_elementwise_f32_unary__scalar, Tier::kScalar},
                               {qk_elementwise_f32_binary__scalar, Tier::kScalar},
                               {qk_elementwise_f32_compare__scalar, Tier::kScalar},
                               {qk_elementwise_f32_select__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_elementwise_f32_unary__avx2, Tier::kAvx2},
             {qk_elementwise_f32_binary__avx2, Tier::kAvx2},
             {qk_elementwise_f32_compare__avx2, Tier::kAvx2},
             {qk_elementwise_f32_select__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) table.unary = {qk_elementwise_f32_unary__avx512vnni, Tier::kAvx512Vnni};
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_elementwise_f32_unary__neon, Tier::kNeon},
             {qk_elementwise_f32_binary__neon, Tier::kNeon},
             {qk_elementwise_f32_compare__neon, Tier::kNeon},
             {qk_elementwise_f32_select__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const ElementwiseF32Table& ElementwiseF32Tables(Tier tier) {
  static const Tables<ElementwiseF32Table> tables(Build);
  return tables[tier];
}

void VisitElementwiseF32(Tier tier, OpVisitor visit, void* context) {
  const ElementwiseF32Table& table = ElementwiseF32Tables(tier);
  visit(context, "elementwise_f32_unary", table.unary.tier);
  visit(context, "elementwise_f32_binary", table.binary.tier);
  visit(context, "elementwise_f32_compare", table.compare.tier);
  visit(context, "elementwise_f32_select", table.select.tier);
}

}  // namespace qk
