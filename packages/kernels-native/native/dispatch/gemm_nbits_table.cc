#include "qk/gemm_nbits.h"

namespace qk {
namespace {

GemmNBitsTable Build(Tier tier) {
  GemmNBitsTable table = {{qk_gemm_nbits_codes__scalar, Tier::kScalar},
                          {qk_gemm_nbits_reals__scalar, Tier::kScalar},
                          {qk_quantize_chunks__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table.codes = {qk_gemm_nbits_codes__avx2, Tier::kAvx2};
    table.reals = {qk_gemm_nbits_reals__avx2, Tier::kAvx2};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table.codes = {qk_gemm_nbits_codes__avx512vnni, Tier::kAvx512Vnni};
    table.reals = {qk_gemm_nbits_reals__avx512vnni, Tier::kAvx512Vnni};
    table.quantize = {qk_quantize_chunks__avx512vnni, Tier::kAvx512Vnni};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeonDot)) table.codes = {qk_gemm_nbits_codes__neondot, Tier::kNeonDot};
#endif
  return table;
}

}  // namespace

const GemmNBitsTable& GemmNBitsTables(Tier tier) {
  static const Tables<GemmNBitsTable> tables(Build);
  return tables[tier];
}

void VisitGemmNBits(Tier tier, OpVisitor visit, void* context) {
  const GemmNBitsTable& table = GemmNBitsTables(tier);
  visit(context, "gemm_nbits_codes", table.codes.tier);
  visit(context, "gemm_nbits_reals", table.reals.tier);
  visit(context, "quantize_chunks", table.quantize.tier);
}

}  // namespace qk
