#include "qk/elementwise_i8.h"

namespace qk {
namespace {

ElementwiseI8Table Build([[maybe_unused]] Tier tier) {
  ElementwiseI8Table table = {{qk_elementwise_i8_add__scalar, Tier::kScalar}, {qk_elementwise_i8_mul__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table.add = {qk_elementwise_i8_add__avx2, Tier::kAvx2};
    table.mul = {qk_elementwise_i8_mul__avx2, Tier::kAvx2};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table.add = {qk_elementwise_i8_add__avx512vnni, Tier::kAvx512Vnni};
    table.mul = {qk_elementwise_i8_mul__avx512vnni, Tier::kAvx512Vnni};
  }
#endif
  return table;
}

}  // namespace

const ElementwiseI8Table& ElementwiseI8Tables(Tier tier) {
  static const Tables<ElementwiseI8Table> tables(Build);
  return tables[tier];
}

void VisitElementwiseI8(Tier tier, OpVisitor visit, void* context) {
  visit(context, "elementwise_i8_add", ElementwiseI8Tables(tier).add.tier);
  visit(context, "elementwise_i8_mul", ElementwiseI8Tables(tier).mul.tier);
}

}  // namespace qk
