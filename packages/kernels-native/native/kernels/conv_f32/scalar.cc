#include "qk/conv_f32.h"

void qk_conv_f32_filter_tile__scalar(const qk::ConvF32FilterTile& tile) {
  for (int64_t r = 0; r < tile.rows; r++) {
    for (int64_t j = 0; j < tile.columns; j++) {
      float sum = 0;
      for (int64_t l = 0; l < tile.lines; l++) {
        const float* x = tile.x + l * tile.x_line + r;
        const float* dy = tile.dy + l * tile.dy_line + j;
        for (int64_t p = 0; p < tile.pixels; p++) sum += x[p * tile.x_pixel] * dy[p * tile.dy_pixel];
      }
      tile.out[r * tile.out_stride + j] += sum;
    }
  }
}
