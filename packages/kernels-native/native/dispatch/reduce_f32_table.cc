#include "qk/reduce_f32.h"

namespace qk {
namespace {

ReduceF32Table Build(Tier tier) {
  ReduceF32Table table = {{qk_reduce_f32_run__scalar, Tier::kScalar}, {qk_reduce_f32_columns__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{qk_reduce_f32_run__avx2, Tier::kAvx2}, {qk_reduce_f32_columns__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{qk_reduce_f32_run__avx512vnni, Tier::kAvx512Vnni}, {qk_reduce_f32_columns__avx512vnni, Tier::kAvx512Vnni}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{qk_reduce_f32_run__neon, Tier::kNeon}, {qk_reduce_f32_columns__neon, Tier::kNeon}};
  }
#endif
  return table;
}

}  // namespace

const ReduceF32Table& ReduceF32Tables(Tier tier) {
  static const Tables<ReduceF32Table> tables(Build);
  return tables[tier];
}

void VisitReduceF32(Tier tier, OpVisitor visit, void* context) {
  const ReduceF32Table& table = ReduceF32Tables(tier);
  visit(context, "reduce_f32_run", table.run.tier);
  visit(context, "reduce_f32_columns", table.columns.tier);
}

}  // namespace qk
