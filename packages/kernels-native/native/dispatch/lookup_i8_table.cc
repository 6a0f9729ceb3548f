#include "qk/lookup_i8.h"

namespace qk {
namespace {

LookupI8Table Build([[maybe_unused]] Tier tier) {
  LookupI8Table table = {{qk_lookup_i8__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx512Vnni)) table.run = {qk_lookup_i8__avx512vnni, Tier::kAvx512Vnni};
#endif
  return table;
}

}  // namespace

const LookupI8Table& LookupI8Tables(Tier tier) {
  static const Tables<LookupI8Table> tables(Build);
  return tables[tier];
}

void VisitLookupI8(Tier tier, OpVisitor visit, void* context) { visit(context, "lookup_i8", LookupI8Tables(tier).run.tier); }

}  // namespace qk
