#include "../simd/f32x16_avx512.h"
#include "elementwise_simd.h"

void qk_elementwise_f32_unary__avx512vnni(qk::UnaryF32 op, const float* x, int64_t n, float a, float b, float* y) {
  Unary(op, x, n, a, b, y);
}

void qk_elementwise_f32_binary__avx512vnni(qk::BinaryF32 op, const float* a, const float* b, int64_t n, qk::Operands operands,
                                           float parameter, float limit, float* y) {
  Binary(op, a, b, n, operands, parameter, limit, y);
}

void qk_elementwise_f32_compare__avx512vnni(qk::CompareF32 op, const float* a, const float* b, int64_t n, qk::Operands operands,
                                            uint8_t* y) {
  Compare(op, a, b, n, operands, y);
}

void qk_elementwise_f32_select__avx512vnni(const uint8_t* condition, const float* a, const float* b, int64_t n, float* y) {
  SelectAll(condition, a, b, n, y);
}
