#ifndef QK_MOMENTS_F32_H_
#define QK_MOMENTS_F32_H_

#include <cstdint>

#include "qk/grid.h"
#include "qk/table.h"

// Adds to sums[k·stride + column], in float64: k = 0 the values, 1 their magnitudes, 2 their squares. Every value and magnitude
// is exact in float64, and so is every square; only the additions round, in an order that depends on the tier.
// x[rows][columns]; one sum per column, or one for all (is_shared; then rows = 1).
using QkMoments = void(int64_t rows, int64_t columns, bool is_shared, const float* x, const QkSums& sums);

// Squared error of a fake quantization: adds sum (x - FQ(x))² to sums[column] (0 when shared), in float64, with the float32
// difference x - FQ(x), for the grid given. What a search for the best range minimizes.
using QkGridError = void(const QkGrid& grid, const float* x, const QkSums& sums);

extern "C" {
QkMoments qk_moments_f32__scalar, qk_moments_f32__avx2, qk_moments_f32__avx512vnni, qk_moments_f32__neon;
QkGridError qk_moments_f32_grid_error__scalar, qk_moments_f32_grid_error__avx2, qk_moments_f32_grid_error__avx512vnni,
    qk_moments_f32_grid_error__neon;
}

namespace qk {

struct MomentsF32Table {
  Op<QkMoments*> moments;
  Op<QkGridError*> grid_error;
};

const MomentsF32Table& MomentsF32Tables(Tier tier);
void VisitMomentsF32(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_MOMENTS_F32_H_
