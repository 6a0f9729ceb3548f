#include "qk/reduce_f32.h"

namespace {

float Join(qk::ReduceF32 op, float accumulator, float x) {
  switch (op) {
    case qk::ReduceF32::kSum:
      return accumulator + x;
    case qk::ReduceF32::kSumSquares:
      return accumulator + x * x;
    case qk::ReduceF32::kProduct:
      return accumulator * x;
    case qk::ReduceF32::kMax:
      return x > accumulator || x != x ? x : accumulator;
    case qk::ReduceF32::kMin:
      return x < accumulator || x != x ? x : accumulator;
    case qk::ReduceF32::kCount:
      break;
  }
  return accumulator;
}

float Neutral(qk::ReduceF32 op) {
  switch (op) {
    case qk::ReduceF32::kProduct:
      return 1;
    case qk::ReduceF32::kMax:
      return -__builtin_inff();
    case qk::ReduceF32::kMin:
      return __builtin_inff();
    default:
      return 0;
  }
}

}  // namespace

float qk_reduce_f32_run__scalar(qk::ReduceF32 op, const float* x, int64_t n) {
  float accumulator = Neutral(op);
  for (int64_t i = 0; i < n; i++) accumulator = Join(op, accumulator, x[i]);
  return accumulator;
}

void qk_reduce_f32_columns__scalar(qk::ReduceF32 op, const float* x, int64_t rows, int64_t columns, float* accumulator) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++) accumulator[c] = Join(op, accumulator[c], x[r * columns + c]);
  }
}
