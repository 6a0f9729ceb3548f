#include "qk/pool_i8.h"

namespace qk {
namespace {

PoolI8Table Build([[maybe_unused]] Tier tier) {
  PoolI8Table table = {{qk_pool_i8_average__scalar, Tier::kScalar}, {qk_pool_i8_max__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table.average = {qk_pool_i8_average__avx2, Tier::kAvx2};
    table.max = {qk_pool_i8_max__avx2, Tier::kAvx2};
  }
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table.average = {qk_pool_i8_average__avx512vnni, Tier::kAvx512Vnni};
    table.max = {qk_pool_i8_max__avx512vnni, Tier::kAvx512Vnni};
  }
#endif
  return table;
}

}  // namespace

const PoolI8Table& PoolI8Tables(Tier tier) {
  static const Tables<PoolI8Table> tables(Build);
  return tables[tier];
}

void VisitPoolI8(Tier tier, OpVisitor visit, void* context) {
  visit(context, "pool_i8_average", PoolI8Tables(tier).average.tier);
  visit(context, "pool_i8_max", PoolI8Tables(tier).max.tier);
}

}  // namespace qk
