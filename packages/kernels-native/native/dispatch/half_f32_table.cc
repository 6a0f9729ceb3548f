#include "qk/half_f32.h"

namespace qk {
namespace {

HalfF32Table Build(Tier tier) {
  HalfF32Table table = {{qk_half_f32_to_f16__scalar, Tier::kScalar},
                        {qk_half_f32_from_f16__scalar, Tier::kScalar},
                        {qk_half_f32_to_bf16__scalar, Tier::kScalar},
                        {qk_half_f32_from_bf16__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2))
    table = {{qk_half_f32_to_f16__avx2, Tier::kAvx2},
             {qk_half_f32_from_f16__avx2, Tier::kAvx2},
             {qk_half_f32_to_bf16__avx2, Tier::kAvx2},
             {qk_half_f32_from_bf16__avx2, Tier::kAvx2}};
  // Float16 conversions and widening are bound by memory: 256 bits are enough.
  if (Implies(tier, Tier::kAvx512Vnni)) table.to_bf16 = {qk_half_f32_to_bf16__avx512vnni, Tier::kAvx512Vnni};
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon))
    table = {{qk_half_f32_to_f16__neon, Tier::kNeon},
             {qk_half_f32_from_f16__neon, Tier::kNeon},
             {qk_half_f32_to_bf16__neon, Tier::kNeon},
             {qk_half_f32_from_bf16__neon, Tier::kNeon}};
#endif
  return table;
}

}  // namespace

const HalfF32Table& HalfF32Tables(Tier tier) {
  static const Tables<HalfF32Table> tables(Build);
  return tables[tier];
}

void VisitHalfF32(Tier tier, OpVisitor visit, void* context) {
  const HalfF32Table& table = HalfF32Tables(tier);
  visit(context, "half_f32_to_f16", table.to_f16.tier);
  visit(context, "half_f32_from_f16", table.from_f16.tier);
  visit(context, "half_f32_to_bf16", table.to_bf16.tier);
  visit(context, "half_f32_from_bf16", table.from_bf16.tier);
}

}  // namespace qk
