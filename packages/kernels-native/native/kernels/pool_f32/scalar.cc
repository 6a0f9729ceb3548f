#include "qk/pool_f32.h"

void qk_pool_f32_max__scalar(const float* const* taps, int64_t count, int64_t channels, float* y) {
  for (int64_t c = 0; c < channels; c++) {
    y[c] = taps[0][c];
    for (int64_t t = 1; t < count; t++) {
      if (taps[t][c] > y[c]) y[c] = taps[t][c];
    }
  }
}

void qk_pool_f32_sum__scalar(const float* const* taps, int64_t count, int64_t channels, float scale, float* y) {
  for (int64_t c = 0; c < channels; c++) {
    float sum = 0;
    for (int64_t t = 0; t < count; t++) sum += taps[t][c];
    y[c] = scale * sum;
  }
}

void qk_pool_f32_max_gradient__scalar(const float* const* taps, const float* y, const float* dy, int64_t count,
                                      int64_t channels, float* const* dtaps) {
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t t = 0; t < count; t++) {
      if (taps[t][c] != y[c]) continue;
      dtaps[t][c] += dy[c];
      break;
    }
  }
}

void qk_pool_f32_sum_gradient__scalar(const float* dy, int64_t count, int64_t channels, float scale, float* const* dtaps) {
  for (int64_t t = 0; t < count; t++) {
    for (int64_t c = 0; c < channels; c++) dtaps[t][c] += scale * dy[c];
  }
}
