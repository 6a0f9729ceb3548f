#ifndef QK_MINMAX_F32_H_
#define QK_MINMAX_F32_H_

#include <cstdint>

#include "qk/table.h"

// Smallest and largest finite value of x[n]; +inf and -inf where there is none. Returns how many values are NaN or infinite.
// Shapes: x contiguous, any alignment, n >= 0. Reads exactly n values.
// Exactness: bit-identical on every tier, but for the sign of a zero.
using QkMinMaxRun = int64_t(const float* x, int64_t n, float* min, float* max);

// The same for every column of x[rows][columns]: min and max [columns] are updated, not overwritten.
using QkMinMaxColumns = int64_t(const float* x, int64_t rows, int64_t columns, float* min, float* max);

extern "C" {
QkMinMaxRun qk_minmax_f32_run__scalar, qk_minmax_f32_run__avx2, qk_minmax_f32_run__neon;
QkMinMaxColumns qk_minmax_f32_columns__scalar, qk_minmax_f32_columns__avx2, qk_minmax_f32_columns__neon;
}

namespace qk {

struct MinMaxF32Table {
  Op<QkMinMaxRun*> run;
  Op<QkMinMaxColumns*> columns;
};

const MinMaxF32Table& MinMaxF32Tables(Tier tier);
void VisitMinMaxF32(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_MINMAX_F32_H_
