#include "qk/depthwise_f32.h"

void qk_depthwise_f32_line__scalar(const qk::DepthwiseF32Line& line) {
  for (int64_t p = 0; p < line.pixels; p++) {
    for (int64_t c = 0; c < line.channels; c++) {
      float sum = 0;
      for (int64_t t = 0; t < line.count; t++) sum += line.taps[t][p * line.x_step + c] * line.filter[t * line.channels + c];
      if (line.bias != nullptr) sum += line.bias[c];
      if (sum < line.minimum) sum = line.minimum;
      if (sum > line.maximum) sum = line.maximum;
      line.y[p * line.y_step + c] = sum;
    }
  }
}

void qk_depthwise_f32_filter_line__scalar(const qk::DepthwiseF32FilterLine& line) {
  for (int64_t t = 0; t < line.count; t++) {
    for (int64_t c = 0; c < line.channels; c++) {
      float sum = 0;
      for (int64_t p = 0; p < line.pixels; p++) sum += line.taps[t][p * line.x_step + c] * line.dy[p * line.dy_step + c];
      line.out[t * line.channels + c] += sum;
    }
  }
}
