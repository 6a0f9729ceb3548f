#include "qk/gemm_i8.h"

namespace qk {
namespace {

GemmI8Table Build(Tier tier) {
  GemmI8Table table = {{qk_gemm_i8__scalar, Tier::kScalar}, {qk_gemm_i8_row_sums__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) table.panel = {qk_gemm_i8__avx2, Tier::kAvx2};
  if (Implies(tier, Tier::kAvxVnni)) table.panel = {qk_gemm_i8__avxvnni, Tier::kAvxVnni};
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table.panel = {qk_gemm_i8__avx512vnni, Tier::kAvx512Vnni};
    table.row_sums = {qk_gemm_i8_row_sums__avx512vnni, Tier::kAvx512Vnni};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) table.panel = {qk_gemm_i8__neon, Tier::kNeon};
  if (Implies(tier, Tier::kNeonDot)) table.panel = {qk_gemm_i8__neondot, Tier::kNeonDot};
#endif
  return table;
}

}  // namespace

const GemmI8Table& GemmI8Tables(Tier tier) {
  static const Tables<GemmI8Table> tables(Build);
  return tables[tier];
}

void VisitGemmI8(Tier tier, OpVisitor visit, void* context) {
  const GemmI8Table& table = GemmI8Tables(tier);
  visit(context, "gemm_i8", table.panel.tier);
  visit(context, "gemm_i8_row_sums", table.row_sums.tier);
}

}  // namespace qk
