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

void qk_conv_f32_line__scalar(const qk::ConvF32Line& line) {
  for (int64_t p = 0; p < line.pixels; p++) {
    for (int64_t j = 0; j < line.columns; j++) {
      float sum = 0;
      for (int64_t t = 0; t < line.tap_count; t++) {
        const float* x = line.x + line.taps[t] + p * line.channels;
        const float* filter = line.filter + 3 * t * line.channels * line.filter_stride + j;
        for (int64_t k = 0; k < 3 * line.channels; k++) sum += x[k] * filter[k * line.filter_stride];
      }
      if (line.bias != nullptr) sum += line.bias[j];
      if (line.residual != nullptr) sum += line.residual[p * line.y_pixel + j];
      if (sum < line.minimum) sum = line.minimum;
      if (sum > line.maximum) sum = line.maximum;
      line.y[p * line.y_pixel + j] = sum;
    }
  }
}
