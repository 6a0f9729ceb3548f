#include "qk/batch_norm_f32.h"

void qk_batch_norm_f32_sums__scalar(const float* x, int64_t rows, int64_t channels, const float* shift, float* sum,
                                    float* squares) {
  for (int64_t c = 0; c < channels; c++) {
    sum[c] = squares[c] = 0;
    for (int64_t r = 0; r < rows; r++) {
      const float centred = x[r * channels + c] - shift[c];
      sum[c] += centred;
      squares[c] += centred * centred;
    }
  }
}

void qk_batch_norm_f32_apply__scalar(const float* x, int64_t rows, int64_t channels, const float* mean, const float* scale,
                                     const float* offset, const float* residual, float minimum, float maximum, float* y) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < channels; c++) {
      const int64_t i = r * channels + c;
      float value = (x[i] - mean[c]) * scale[c] + offset[c];
      if (residual != nullptr) value += residual[i];
      if (value < minimum) value = minimum;
      if (value > maximum) value = maximum;
      y[i] = value;
    }
  }
}

void qk_batch_norm_f32_gradient_sums__scalar(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels,
                                             const float* mean, float* sum, float* products) {
  for (int64_t c = 0; c < channels; c++) {
    sum[c] = products[c] = 0;
    for (int64_t r = 0; r < rows; r++) {
      const int64_t i = r * channels + c;
      const float g = y == nullptr || y[i] > 0 ? dy[i] : 0;
      sum[c] += g;
      products[c] += g * (x[i] - mean[c]);
    }
  }
}

void qk_batch_norm_f32_gradient__scalar(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels,
                                        const float* mean, const float* base, const float* slope, const float* scale,
                                        float* dx) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < channels; c++) {
      const int64_t i = r * channels + c;
      const float g = y == nullptr || y[i] > 0 ? dy[i] : 0;
      dx[i] = (g - base[c] - (x[i] - mean[c]) * slope[c]) * scale[c];
    }
  }
}
