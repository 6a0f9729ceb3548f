#include "../simd/f32x4_neon.h"
#include "reduce_simd.h"

float qk_reduce_f32_run__neon(qk::ReduceF32 op, const float* x, int64_t n) { return Run(op, x, n); }

void qk_reduce_f32_columns__neon(qk::ReduceF32 op, const float* x, int64_t rows, int64_t columns, float* accumulator) {
  Columns(op, x, rows, columns, accumulator);
}
