#ifndef QK_HISTOGRAM_F32_H_
#define QK_HISTOGRAM_F32_H_

#include <cstdint>

#include "qk/table.h"

// Counts values in bins of power-of-two width: bin floor(v·inverse) - first_bin for 0 <= bin < bins; entry `bins` counts all
// other values, NaN and infinities among them.
// Pre: inverse = 2^-e is a normal float; |first_bin| and bins below 2^30, so that indices fit int32.
// Exactness: v·inverse is exact in float32 but where it underflows, and there only the sign decides (floor is 0 or -1);
//   where it overflows or exceeds int32 the value lies outside of all bins. Counts are the same on every tier.
// Tables: 1, 2 or 4 of uint32, `stride` entries apart, take turns, so that equal neighbours do not wait for each other. A
//   table has bins + 17 entries; what is behind `bins` is scratch. n < 2^32 between two clearings.
struct QkHistogram {
  float inverse;
  int32_t first_bin;
  uint32_t bins;
  uint32_t* tables;
  int64_t table_count;
  int64_t stride;
};

using QkHistogramCount = void(const QkHistogram& histogram, const float* x, int64_t n);

extern "C" {
QkHistogramCount qk_histogram_f32__scalar, qk_histogram_f32__avx2, qk_histogram_f32__avx512vnni, qk_histogram_f32__neon;
}

namespace qk {

struct HistogramF32Table {
  Op<QkHistogramCount*> count;
};

const HistogramF32Table& HistogramF32Tables(Tier tier);
void VisitHistogramF32(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_HISTOGRAM_F32_H_
