#include "qk/winograd_f32.h"

namespace qk {
namespace {

WinogradF32Table Build(Tier tier) {
  WinogradF32Table table = {{qk_winograd_f32_input__scalar, Tier::kScalar},
                            {qk_winograd_f32_output__scalar, Tier::kScalar},
                            {qk_winograd_f32_filter__scalar, Tier::kScalar},
                            {qk_winograd_f32_product__scalar, Tier::kScalar},
                            {qk_winograd_f32_gradient__scalar, Tier::kScalar},
                            {qk_winograd_f32_filter_gradient__scalar, Tier::kScalar},
                            1,
                            16};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_winograd_f32_input__avx2, Tier::kAvx2},
             {qk_winograd_f32_output__avx2, Tier::kAvx2},
             {qk_winograd_f32_filter__avx2, Tier::kAvx2},
             {qk_winograd_f32_product__avx2, Tier::kAvx2},
             {qk_winograd_f32_gradient__avx2, Tier::kAvx2},
             {qk_winograd_f32_filter_gradient__avx2, Tier::kAvx2},
             6,
             16};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_winograd_f32_input__avx512vnni, Tier::kAvx512Vnni},
             {qk_winograd_f32_output__avx512vnni, Tier::kAvx512Vnni},
             {qk_winograd_f32_filter__avx512vnni, Tier::kAvx512Vnni},
             {qk_winograd_f32_product__avx512vnni, Tier::kAvx512Vnni},
             {qk_winograd_f32_gradient__avx512vnni, Tier::kAvx512Vnni},
             {qk_winograd_f32_filter_gradient__avx512vnni, Tier::kAvx512Vnni},
             12,
             32};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_winograd_f32_input__neon, Tier::kNeon},
             {qk_winograd_f32_output__neon, Tier::kNeon},
             {qk_winograd_f32_filter__neon, Tier::kNeon},
             {qk_winograd_f32_product__neon, Tier::kNeon},
             {qk_winograd_f32_gradient__neon, Tier::kNeon},
             {qk_winograd_f32_filter_gradient__neon, Tier::kNeon},
             12,
             8};
  }
#endif
  return table;
}

}  // namespace

const WinogradF32Table& WinogradF32Tables(Tier tier) {
  static const Tables<WinogradF32Table> tables(Build);
  return tables[tier];
}

void VisitWinogradF32(Tier tier, OpVisitor visit, void* context) {
  const WinogradF32Table& table = WinogradF32Tables(tier);
  visit(context, "winograd_f32_input", table.input.tier);
  visit(context, "winograd_f32_output", table.output.tier);
  visit(context, "winograd_f32_filter", table.filter.tier);
  visit(context, "winograd_f32_product", table.product.tier);
  visit(context, "winograd_f32_gradient", table.gradient.tier);
  visit(context, "winograd_f32_filter_gradient", table.filter_gradient.tier);
}

}  // namespace qk
