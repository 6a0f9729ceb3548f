#include <cmath>

#include "qk/softmax_f32.h"

namespace {

float RowMax(const float* x, int64_t columns) {
  float max = -__builtin_inff();
  for (int64_t c = 0; c < columns; c++) max = x[c] > max || x[c] != x[c] ? x[c] : max;
  return max;
}

float SumExp(const float* x, int64_t columns, float max) {
  float sum = 0;
  for (int64_t c = 0; c < columns; c++) sum += std::exp(x[c] - max);
  return sum;
}

}  // namespace

void qk_softmax_f32_softmax__scalar(const float* x, int64_t rows, int64_t columns, float* y) {
  for (int64_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float max = RowMax(x, columns), sum = SumExp(x, columns, max);
    for (int64_t c = 0; c < columns; c++) y[c] = std::exp(x[c] - max) / sum;
  }
}

void qk_softmax_f32_log__scalar(const float* x, int64_t rows, int64_t columns, float* y) {
  for (int64_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float max = RowMax(x, columns), log_sum = std::log(SumExp(x, columns, max));
    for (int64_t c = 0; c < columns; c++) y[c] = x[c] - max - log_sum;
  }
}

void qk_softmax_f32_gradient__scalar(const float* dy, const float* y, int64_t rows, int64_t columns, float* dx) {
  for (int64_t r = 0; r < rows; r++, dy += columns, y += columns, dx += columns) {
    float sum = 0;
    for (int64_t c = 0; c < columns; c++) sum += dy[c] * y[c];
    for (int64_t c = 0; c < columns; c++) dx[c] = y[c] * (dy[c] - sum);
  }
}

void qk_softmax_f32_log_gradient__scalar(const float* dy, const float* y, int64_t rows, int64_t columns, float* dx) {
  for (int64_t r = 0; r < rows; r++, dy += columns, y += columns, dx += columns) {
    float sum = 0;
    for (int64_t c = 0; c < columns; c++) sum += dy[c];
    for (int64_t c = 0; c < columns; c++) dx[c] = dy[c] - std::exp(y[c]) * sum;
  }
}

void qk_softmax_f32_cross_entropy__scalar(const float* logits, const float* labels, int64_t rows, int64_t columns, float* loss,
                                          float* dlogits) {
  for (int64_t r = 0; r < rows; r++, logits += columns, labels += columns) {
    const float max = RowMax(logits, columns), sum = SumExp(logits, columns, max), log_sum = std::log(sum);
    float total = 0, weight = 0;
    for (int64_t c = 0; c < columns; c++) {
      total += labels[c] * (log_sum - (logits[c] - max));
      weight += labels[c];
    }
    loss[r] = total;
    for (int64_t c = 0; dlogits != nullptr && c < columns; c++) {
      dlogits[r * columns + c] = std::exp(logits[c] - max) / sum * weight - labels[c];
    }
  }
}
