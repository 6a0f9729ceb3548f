#include "qk/fake_quantize_f32.h"

namespace qk {
namespace {

FakeQuantizeF32Table Build(Tier tier) {
  FakeQuantizeF32Table table = {{qk_fake_quantize_f32__scalar, Tier::kScalar},
                                {qk_fake_quantize_f32_backward__scalar, Tier::kScalar},
                                {qk_fake_quantize_f32_learned_step__scalar, Tier::kScalar},
                                {qk_fake_quantize_f32_clipping_level__scalar, Tier::kScalar},
                                {qk_fake_quantize_f32_soft_staircase__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_fake_quantize_f32__avx2, Tier::kAvx2},
             {qk_fake_quantize_f32_backward__avx2, Tier::kAvx2},
             {qk_fake_quantize_f32_learned_step__avx2, Tier::kAvx2},
             {qk_fake_quantize_f32_clipping_level__avx2, Tier::kAvx2},
             {qk_fake_quantize_f32_soft_staircase__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_fake_quantize_f32__avx512vnni, Tier::kAvx512Vnni},
             {qk_fake_quantize_f32_backward__avx512vnni, Tier::kAvx512Vnni},
             {qk_fake_quantize_f32_learned_step__avx512vnni, Tier::kAvx512Vnni},
             {qk_fake_quantize_f32_clipping_level__avx512vnni, Tier::kAvx512Vnni},
             {qk_fake_quantize_f32_soft_staircase__avx512vnni, Tier::kAvx512Vnni}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_fake_quantize_f32__neon, Tier::kNeon},
             {qk_fake_quantize_f32_backward__neon, Tier::kNeon},
             {qk_fake_quantize_f32_learned_step__neon, Tier::kNeon},
             {qk_fake_quantize_f32_clipping_level__neon, Tier::kNeon},
             {qk_fake_quantize_f32_soft_staircase__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const FakeQuantizeF32Table& FakeQuantizeF32Tables(Tier tier) {
  static const Tables<FakeQuantizeF32Table> tables(Build);
  return tables[tier];
}

void VisitFakeQuantizeF32(Tier tier, OpVisitor visit, void* context) {
  const FakeQuantizeF32Table& table = FakeQuantizeF32Tables(tier);
  visit(context, "fake_quantize_f32", table.forward.tier);
  visit(context, "fake_quantize_f32_backward", table.backward.tier);
  visit(context, "fake_quantize_f32_learned_step", table.learned_step.tier);
  visit(context, "fake_quantize_f32_clipping_level", table.clipping_level.tier);
  visit(context, "fake_quantize_f32_soft_staircase", table.soft_staircase.tier);
}

}  // namespace qk
