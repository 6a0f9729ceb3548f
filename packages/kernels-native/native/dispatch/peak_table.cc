#include "qk/peak.h"

namespace qk {
namespace {

PeakTable Build(Tier tier) {
  PeakTable table = {{{qk_peak_f32__scalar, 32}, Tier::kScalar},
                     {{qk_peak_i8__scalar, 32}, Tier::kScalar},
                     {{qk_peak_shift__scalar, 32}, Tier::kScalar},
                     {{qk_peak_b1__scalar, 512}, Tier::kScalar},
                     {qk_peak_read__scalar, Tier::kScalar}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2)) {
    table = {{{qk_peak_f32__avx2, 192}, Tier::kAvx2},
             {{qk_peak_i8__avx2, 256}, Tier::kAvx2},
             {{qk_peak_shift__avx2, 64}, Tier::kAvx2},
             {{qk_peak_b1__avx2, 2048}, Tier::kAvx2},
             {qk_peak_read__avx2, Tier::kAvx2}};
  }
  if (Implies(tier, Tier::kAvxVnni)) table.i8 = {{qk_peak_i8__avxvnni, 640}, Tier::kAvxVnni};
  if (Implies(tier, Tier::kAvx512Vnni)) {
    table = {{{qk_peak_f32__avx512vnni, 512}, Tier::kAvx512Vnni},
             {{qk_peak_i8__avx512vnni, 2048}, Tier::kAvx512Vnni},
             {{qk_peak_shift__avx512vnni, 512}, Tier::kAvx512Vnni},
             {{qk_peak_b1__avx512vnni, 8192}, Tier::kAvx512Vnni},
             {qk_peak_read__avx512vnni, Tier::kAvx512Vnni}};
  }
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon)) {
    table = {{{qk_peak_f32__neon, 128}, Tier::kNeon},
             {{qk_peak_i8__neon, 256}, Tier::kNeon},
             {{qk_peak_shift__neon, 128}, Tier::kNeon},
             {{qk_peak_b1__neon, 2048}, Tier::kNeon},
             {qk_peak_read__neon, Tier::kNeon}};
  }
  if (Implies(tier, Tier::kNeonDot)) table.i8 = {{qk_peak_i8__neondot, 512}, Tier::kNeonDot};
#endif
  return table;
}

}  // namespace

const PeakTable& PeakTables(Tier tier) {
  static const Tables<PeakTable> tables(Build);
  return tables[tier];
}

void VisitPeak(Tier tier, OpVisitor visit, void* context) {
  const PeakTable& table = PeakTables(tier);
  visit(context, "peak_f32", table.f32.tier);
  visit(context, "peak_i8", table.i8.tier);
  visit(context, "peak_shift", table.shift.tier);
  visit(context, "peak_b1", table.b1.tier);
  visit(context, "peak_read", table.read.tier);
}

}  // namespace qk
