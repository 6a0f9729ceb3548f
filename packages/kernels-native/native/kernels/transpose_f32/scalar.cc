#include "qk/gemm_f32.h"

void qk_transpose_f32__scalar(const float* x, int64_t x_stride, int64_t rows, int64_t columns, float* y, int64_t y_stride) {
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t r = 0; r < rows; r++) y[c * y_stride + r] = x[r * x_stride + c];
  }
}
