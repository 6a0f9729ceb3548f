#include "qk/conv_f32.h"

namespace qk {
namespace {

ConvF32Table Build(Tier tier) {
  ConvF32Table table = {{qk_conv_f32_filter_tile__scalar, Tier::kScalar}, 8, 16, 32,
                        {qk_conv_f32_line__scalar, Tier::kScalar},        16};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2))
    table = {{qk_conv_f32_filter_tile__avx2, Tier::kAvx2}, 6, 12, 16, {qk_conv_f32_line__avx2, Tier::kAvx2}, 8};
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_conv_f32_filter_tile__avx512vnni, Tier::kAvx512Vnni}, 12, 16, 32,
             {qk_conv_f32_line__avx512vnni, Tier::kAvx512Vnni},        16};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon))
    table = {{qk_conv_f32_filter_tile__neon, Tier::kNeon}, 12, 16, 8, {qk_conv_f32_line__neon, Tier::kNeon}, 4};
#endif
  return table;
}

}  // namespace

const ConvF32Table& ConvF32Tables(Tier tier) {
  static const Tables<ConvF32Table> tables(Build);
  return tables[tier];
}

void VisitConvF32(Tier tier, OpVisitor visit, void* context) {
  visit(context, "conv_f32_filter_tile", ConvF32Tables(tier).filter_tile.tier);
  visit(context, "conv_f32_line", ConvF32Tables(tier).line.tier);
}

}  // namespace qk
