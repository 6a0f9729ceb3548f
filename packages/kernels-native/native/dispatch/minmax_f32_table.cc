#include "qk/minmax_f32.h"

namespace qk {
namespace {

MinMaxF32Table Build(Tier tier) {
  MinMaxF32Table table = {{qk_minmax_f32_run__scalar, Tier::kScalar}, {qk_minmax_f32_columns__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table.run = {qk_minmax_f32_run__avx2, Tier::kAvx2};
    table.columns = {qk_minmax_f32_columns__avx2, Tier::kAvx2};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table.run = {qk_minmax_f32_run__neon, Tier::kNeon};
    table.columns = {qk_minmax_f32_columns__neon, Tier::kNeon};
  }
#endif
  return table;
}

}  // namespace

const MinMaxF32Table& MinMaxF32Tables(Tier tier) {
  static const Tables<MinMaxF32Table> tables(Build);
  return tables[tier];
}

void VisitMinMaxF32(Tier tier, OpVisitor visit, void* context) {
  const MinMaxF32Table& table = MinMaxF32Tables(tier);
  visit(context, "minmax_f32_run", table.run.tier);
  visit(context, "minmax_f32_columns", table.columns.tier);
}

}  // namespace qk
