#include "qk/moments_f32.h"

namespace qk {
namespace {

MomentsF32Table Build(Tier tier) {
  MomentsF32Table table = {{qk_moments_f32__scalar, Tier::kScalar}, {qk_moments_f32_grid_error__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_moments_f32__avx2, Tier::kAvx2}, {qk_moments_f32_grid_error__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_moments_f32__avx512vnni, Tier::kAvx512Vnni}, {qk_moments_f32_grid_error__avx512vnni, Tier::kAvx512Vnni}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_moments_f32__neon, Tier::kNeon}, {qk_moments_f32_grid_error__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const MomentsF32Table& MomentsF32Tables(Tier tier) {
  static const Tables<MomentsF32Table> tables(Build);
  return tables[tier];
}

void VisitMomentsF32(Tier tier, OpVisitor visit, void* context) {
  visit(context, "moments_f32", MomentsF32Tables(tier).moments.tier);
  visit(context, "moments_f32_grid_error", MomentsF32Tables(tier).grid_error.tier);
}

}  // namespace qk
