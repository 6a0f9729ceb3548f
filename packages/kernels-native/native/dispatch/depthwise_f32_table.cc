#include "qk/depthwise_f32.h"

namespace qk {
namespace {

DepthwiseF32Table Build(Tier tier) {
  DepthwiseF32Table table = {{qk_depthwise_f32_line__scalar, Tier::kScalar},
                             {qk_depthwise_f32_filter_line__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_depthwise_f32_line__avx2, Tier::kAvx2}, {qk_depthwise_f32_filter_line__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_depthwise_f32_line__avx512vnni, Tier::kAvx512Vnni},
             {qk_depthwise_f32_filter_line__avx512vnni, Tier::kAvx512Vnni}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_depthwise_f32_line__neon, Tier::kNeon}, {qk_depthwise_f32_filter_line__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const DepthwiseF32Table& DepthwiseF32Tables(Tier tier) {
  static const Tables<DepthwiseF32Table> tables(Build);
  return tables[tier];
}

void VisitDepthwiseF32(Tier tier, OpVisitor visit, void* context) {
  const DepthwiseF32Table& table = DepthwiseF32Tables(tier);
  visit(context, "depthwise_f32_line", table.line.tier);
  visit(context, "depthwise_f32_filter_line", table.filter_line.tier);
}

}  // namespace qk
