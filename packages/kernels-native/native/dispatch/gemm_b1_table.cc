#include "qk/gemm_b1.h"

namespace qk {
namespace {

GemmB1Table Build(Tier tier) {
  GemmB1Table table = {{qk_gemm_b1__scalar, Tier::kScalar}, {qk_pack_signs__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table.panel = {qk_gemm_b1__avx2, Tier::kAvx2};
    table.pack_signs = {qk_pack_signs__avx2, Tier::kAvx2};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table.panel = {qk_gemm_b1__avx512vnni, Tier::kAvx512Vnni};
    table.pack_signs = {qk_pack_signs__avx512vnni, Tier::kAvx512Vnni};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) table.panel = {qk_gemm_b1__neon, Tier::kNeon};
#endif
  return table;
}

}  // namespace

const GemmB1Table& GemmB1Tables(Tier tier) {
  static const Tables<GemmB1Table> tables(Build);
  return tables[tier];
}

void VisitGemmB1(Tier tier, OpVisitor visit, void* context) {
  const GemmB1Table& table = GemmB1Tables(tier);
  visit(context, "gemm_b1", table.panel.tier);
  visit(context, "pack_signs", table.pack_signs.tier);
}

}  // namespace qk
