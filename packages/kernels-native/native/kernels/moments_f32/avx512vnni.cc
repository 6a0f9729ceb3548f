#include "../simd/lanes_avx512.h"
#include "lanes.h"

void qk_moments_f32__avx512vnni(int64_t rows, int64_t columns, bool is_shared, const float* x, const QkSums& sums) {
  Moments(rows, columns, is_shared, x, sums);
}

void qk_moments_f32_grid_error__avx512vnni(const QkGrid& grid, const float* x, const QkSums& sums) { GridError(grid, x, sums); }
