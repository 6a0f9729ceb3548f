#include <cstdint>

#include "qk/moments_f32.h"

void qk_moments_f32__scalar(int64_t rows, int64_t columns, bool is_shared, const float* x, const QkSums& sums) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++, x++) {
      double* sum = sums.data + (is_shared ? 0 : c);
      const double v = static_cast<double>(*x);
      sum[0] += v;
      sum[sums.stride] += v < 0 ? -v : v;
      sum[2 * sums.stride] += v * v;
    }
  }
}

void qk_moments_f32_grid_error__scalar(const QkGrid& grid, const float* x, const QkSums& sums) {
  for (int64_t r = 0; r < grid.rows; r++) {
    for (int64_t c = 0; c < grid.columns; c++, x++) {
      const int64_t p = grid.is_shared ? 0 : c;
      const float code = __builtin_rintf(*x / grid.scale[p]) + grid.zero_point[p];
      const float saturated = code > grid.qmax ? grid.qmax : code >= grid.qmin ? code : grid.qmin;
      const double error = static_cast<double>(*x - (saturated - grid.zero_point[p]) * grid.scale[p]);
      sums.data[p] += error * error;
    }
  }
}
