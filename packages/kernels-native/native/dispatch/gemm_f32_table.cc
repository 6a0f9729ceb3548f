#include "qk/gemm_f32.h"

namespace qk {
namespace {

GemmF32Table Build(Tier tier) {
  GemmF32Table table = {{qk_gemm_f32_tile__scalar, Tier::kScalar}, 8, 32, {qk_transpose_f32__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_gemm_f32_tile__avx2, Tier::kAvx2}, 6, 16, {qk_transpose_f32__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_gemm_f32_tile__avx512vnni, Tier::kAvx512Vnni}, 12, 32, {qk_transpose_f32__avx512vnni, Tier::kAvx512Vnni}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_gemm_f32_tile__neon, Tier::kNeon}, 12, 8, {qk_transpose_f32__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const GemmF32Table& GemmF32Tables(Tier tier) {
  static const Tables<GemmF32Table> tables(Build);
  return tables[tier];
}

void VisitGemmF32(Tier tier, OpVisitor visit, void* context) {
  const GemmF32Table& table = GemmF32Tables(tier);
  visit(context, "gemm_f32_tile", table.tile.tier);
  visit(context, "transpose_f32", table.transpose.tier);
}

}  // namespace qk
