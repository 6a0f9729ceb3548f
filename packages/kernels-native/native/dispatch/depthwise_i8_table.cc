#include "qk/depthwise_i8.h"

namespace qk {
namespace {

DepthwiseI8Table Build(Tier tier) {
  DepthwiseI8Table table = {{qk_depthwise_i8__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) table.row = {qk_depthwise_i8__avx2, Tier::kAvx2};
  if (Implies(tier, Tier::kAvxVnni)) table.row = {qk_depthwise_i8__avxvnni, Tier::kAvxVnni};
  if (Implies(tier, Tier::kAvx512Vnni)) table.row = {qk_depthwise_i8__avx512vnni, Tier::kAvx512Vnni};
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) table.row = {qk_depthwise_i8__neon, Tier::kNeon};
#endif
  return table;
}

}  // namespace

const DepthwiseI8Table& DepthwiseI8Tables(Tier tier) {
  static const Tables<DepthwiseI8Table> tables(Build);
  return tables[tier];
}

void VisitDepthwiseI8(Tier tier, OpVisitor visit, void* context) {
  visit(context, "depthwise_i8", DepthwiseI8Tables(tier).row.tier);
}

}  // namespace qk
