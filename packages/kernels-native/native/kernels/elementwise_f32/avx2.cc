#include "../simd/f32x8_avx2.h"
#include "elementwise_simd.h"

void qk_elementwise_f32_unary__avx2(qk::UnaryF32 op, const float* x, int64_t n, float a, float b, float* y) {
  Unary(op, x, n, a, b, y);
}

void qk_elementwise_f32_binary__avx2(qk::BinaryF32 op, const float* a, const float* b, int64_t n, qk::Operands operands,
                                     float parameter, float limit, float* y) {
  Binary(op, a, b, n, operands, parameter, limit, y);
}

void qk_elementwise_f32_compare__avx2(qk::CompareF32 op, const float* a, const float* b, int64_t n, qk::Operands operands,
                                      uint8_t* y) {
  Compare(op, a, b, n, operands, y);
}

void qk_elementwise_f32_select__avx2(const uint8_t* condition, const float* a, const float* b, int64_t n, float* y) {
  SelectAll(condition, a, b, n, y);
}
