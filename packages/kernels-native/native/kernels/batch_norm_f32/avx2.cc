#include "../simd/f32x8_avx2.h"
#include "batch_norm_simd.h"

void qk_batch_norm_f32_sums__avx2(const float* x, int64_t rows, int64_t channels, const float* shift, float* sum,
                                  float* squares) {
  Sums(x, rows, channels, shift, sum, squares);
}

void qk_batch_norm_f32_apply__avx2(const float* x, int64_t rows, int64_t channels, const float* mean, const float* scale,
                                   const float* offset, const float* residual, float minimum, float maximum, float* y) {
  Apply(x, rows, channels, mean, scale, offset, residual, minimum, maximum, y);
}

void qk_batch_norm_f32_gradient_sums__avx2(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels,
                                           const float* mean, float* sum, float* products) {
  GradientSums(dy, x, y, rows, channels, mean, sum, products);
}

void qk_batch_norm_f32_gradient__avx2(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels,
                                      const float* mean, const float* base, const float* slope, const float* scale, float* dx) {
  Gradient(dy, x, y, rows, channels, mean, base, slope, scale, dx);
}
