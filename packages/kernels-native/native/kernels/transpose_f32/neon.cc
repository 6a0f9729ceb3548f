#include <arm_neon.h>

#include "qk/gemm_f32.h"

// Method: blocks of 4 x 4 in registers: a load that interleaves cannot be used (rows are apart), so two rounds of vtrn/vzip.

namespace {

void TransposeBlock(const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  const float32x4x2_t top = vtrnq_f32(vld1q_f32(x), vld1q_f32(x + x_stride));
  const float32x4x2_t bottom = vtrnq_f32(vld1q_f32(x + 2 * x_stride), vld1q_f32(x + 3 * x_stride));
  vst1q_f32(y, vcombine_f32(vget_low_f32(top.val[0]), vget_low_f32(bottom.val[0])));
  vst1q_f32(y + y_stride, vcombine_f32(vget_low_f32(top.val[1]), vget_low_f32(bottom.val[1])));
  vst1q_f32(y + 2 * y_stride, vcombine_f32(vget_high_f32(top.val[0]), vget_high_f32(bottom.val[0])));
  vst1q_f32(y + 3 * y_stride, vcombine_f32(vget_high_f32(top.val[1]), vget_high_f32(bottom.val[1])));
}

}  // namespace

void qk_transpose_f32__neon(const float* x, int64_t x_stride, int64_t rows, int64_t columns, float* y, int64_t y_stride) {
  const int64_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (int64_t c = 0; c < whole_columns; c += 4) {
    for (int64_t r = 0; r < whole_rows; r += 4) TransposeBlock(x + r * x_stride + c, x_stride, y + c * y_stride + r, y_stride);
  }
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; r++) y[c * y_stride + r] = x[r * x_stride + c];
  }
}
