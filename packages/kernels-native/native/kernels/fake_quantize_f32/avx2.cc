#include "../simd/lanes_avx2.h"
#include "lanes.h"

void qk_fake_quantize_f32__avx2(const QkGrid& grid, const float* x, float* y) { FakeQuantize(grid, x, y); }

void qk_fake_quantize_f32_backward__avx2(const QkGrid& grid, const float* dy, const float* x, float* dx) {
  FakeQuantizeBackward(grid, dy, x, dx);
}

void qk_fake_quantize_f32_learned_step__avx2(const QkGrid& grid, const float* dy, const float* x, float* dx,
                                             const QkSums& sums) {
  LearnedStepBackward(grid, dy, x, dx, sums);
}

void qk_fake_quantize_f32_clipping_level__avx2(const QkGrid& grid, bool has_full_gradient, const float* dy, const float* x,
                                               float* dx, const QkSums& sums) {
  ClippingLevelBackward(grid, has_full_gradient, dy, x, dx, sums);
}

void qk_fake_quantize_f32_soft_staircase__avx2(const QkGrid& grid, const float* alpha, const float* dy, const float* x,
                                               float* dx, const QkSums& sums) {
  SoftStaircaseBackward(grid, alpha, dy, x, dx, sums);
}
