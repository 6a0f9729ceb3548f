#include "qk/bit_pack.h"

namespace qk {
namespace {

BitPackTable Build(Tier tier) {
  BitPackTable table = {{qk_bit_pack__scalar, Tier::kScalar}, {qk_bit_pack_unpack__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) table = {{qk_bit_pack__avx2, Tier::kAvx2}, {qk_bit_pack_unpack__avx2, Tier::kAvx2}};
#else
  static_cast<void>(tier);
#endif
  return table;
}

}  // namespace

const BitPackTable& BitPackTables(Tier tier) {
  static const Tables<BitPackTable> tables(Build);
  return tables[tier];
}

void VisitBitPack(Tier tier, OpVisitor visit, void* context) {
  const BitPackTable& table = BitPackTables(tier);
  visit(context, "bit_pack", table.pack.tier);
  visit(context, "bit_pack_unpack", table.unpack.tier);
}

}  // namespace qk
