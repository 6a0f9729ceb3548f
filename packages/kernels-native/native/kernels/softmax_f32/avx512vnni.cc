#include "../simd/f32x16_avx512.h"
#include "softmax_simd.h"

void qk_softmax_f32_softmax__avx512vnni(const float* x, int64_t rows, int64_t columns, float* y) {
  SoftmaxRows(x, rows, columns, y);
}

void qk_softmax_f32_log__avx512vnni(const float* x, int64_t rows, int64_t columns, float* y) {
  LogSoftmaxRows(x, rows, columns, y);
}

void qk_softmax_f32_gradient__avx512vnni(const float* dy, const float* y, int64_t rows, int64_t columns, float* dx) {
  GradientRows(dy, y, rows, columns, dx);
}

void qk_softmax_f32_log_gradient__avx512vnni(const float* dy, const float* y, int64_t rows, int64_t columns, float* dx) {
  LogGradientRows(dy, y, rows, columns, dx);
}

void qk_softmax_f32_cross_entropy__avx512vnni(const float* logits, const float* labels, int64_t rows, int64_t columns,
                                              float* loss, float* dlogits) {
  CrossEntropyRows(logits, labels, rows, columns, loss, dlogits);
}
