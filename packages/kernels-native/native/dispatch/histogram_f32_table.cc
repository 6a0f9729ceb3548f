#include "qk/histogram_f32.h"

namespace qk {
namespace {

HistogramF32Table Build(Tier tier) {
  HistogramF32Table table = {{qk_histogram_f32__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) table.count = {qk_histogram_f32__avx2, Tier::kAvx2};
  if (Implies(tier, Tier::kAvx512Vnni)) table.count = {qk_histogram_f32__avx512vnni, Tier::kAvx512Vnni};
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) table.count = {qk_histogram_f32__neon, Tier::kNeon};
#endif
  return table;
}

}  // namespace

const HistogramF32Table& HistogramF32Tables(Tier tier) {
  static const Tables<HistogramF32Table> tables(Build);
  return tables[tier];
}

void VisitHistogramF32(Tier tier, OpVisitor visit, void* context) {
  visit(context, "histogram_f32", HistogramF32Tables(tier).count.tier);
}

}  // namespace qk
