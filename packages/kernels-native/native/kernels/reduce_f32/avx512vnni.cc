#include "../simd/f32x16_avx512.h"
#include "reduce_simd.h"

float qk_reduce_f32_run__avx512vnni(qk::ReduceF32 op, const float* x, int64_t n) { return Run(op, x, n); }

void qk_reduce_f32_columns__avx512vnni(qk::ReduceF32 op, const float* x, int64_t rows, int64_t columns, float* accumulator) {
  Columns(op, x, rows, columns, accumulator);
}
