#include "../simd/f32x16_avx512.h"
#include "elementwise_simd.h"

void qk_elementwise_f32_unary__avx512vnni(qk::UnaryF32 op, const float* x, int64_t n, float a, float b, float* y) {
  Unary(op, x, n, a, b, y);
}
