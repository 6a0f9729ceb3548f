#include "qk/gemm_f32.h"

void qk_gemm_f32_tile__scalar(const qk::GemmF32Tile& tile) {
  const qk::GemmF32Epilogue& end = tile.epilogue;
  for (int64_t r = 0; r < tile.rows; r++) {
    for (int64_t j = 0; j < tile.columns; j++) {
      float sum = 0;
      for (int64_t t = 0; t < tile.taps; t++) {
        const float* a = tile.a_rows[r] + tile.tap_offsets[t];
        const float* b = tile.b + t * tile.depth * tile.b_stride + j;
        for (int64_t d = 0; d < tile.depth; d++) sum += a[d] * b[d * tile.b_stride];
      }
      const int64_t at = tile.column + j;
      if (end.bias != nullptr) sum += end.bias[at];
      if (end.accumulate) sum += tile.c_rows[r][at];
      if (end.residual_rows != nullptr) sum += end.residual_rows[r][at];
      if (sum < end.minimum) sum = end.minimum;
      if (sum > end.maximum) sum = end.maximum;
      tile.c_rows[r][at] = sum;
    }
  }
}
