#ifndef QK_GRID_H_
#define QK_GRID_H_

#include <cstdint>

// A block x[rows][columns], contiguous, any alignment, and its grid  y = (saturate(round(x/scale) + zero_point) -
// zero_point)·scale. Parameters are one per column, or one for all (is_shared; then rows = 1). Zero points are whole numbers,
// |zero_point| and |qmin|, |qmax| < 2^24, so that all arithmetic on codes is exact in float32. Rounding: half to even.
struct QkGrid {
  int64_t rows;
  int64_t columns;
  bool is_shared;
  const float* scale;
  const float* zero_point;
  float qmin;
  float qmax;
};

// Gradients of parameters are added to sums[k·sum_stride + column] (column 0 when shared), in float64.
struct QkSums {
  double* data;
  int64_t stride;
};

#endif  // QK_GRID_H_
