// The kernels of reduce_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction set.
#ifndef QK_KERNELS_REDUCE_F32_REDUCE_SIMD_H_
#define QK_KERNELS_REDUCE_F32_REDUCE_SIMD_H_

#include "qk/reduce_f32.h"

namespace {

constexpr int kAccumulators = 8;

// One operation: its neutral element, and how a value joins an accumulator. Reducing accumulators again is joining with
// JoinAgain, which differs where values are transformed first.
struct SumOp {
  static constexpr qk::ReduceF32 kAgain = qk::ReduceF32::kSum;
  static F32 Neutral() { return Set(0.0f); }
  static F32 Join(F32 accumulator, F32 x) { return Add(accumulator, x); }
  static F32 JoinAgain(F32 a, F32 b) { return Add(a, b); }
};
struct SumSquaresOp {
  static constexpr qk::ReduceF32 kAgain = qk::ReduceF32::kSum;
  static F32 Neutral() { return Set(0.0f); }
  static F32 Join(F32 accumulator, F32 x) { return MulAdd(x, x, accumulator); }
  static F32 JoinAgain(F32 a, F32 b) { return Add(a, b); }
};
struct ProductOp {
  static constexpr qk::ReduceF32 kAgain = qk::ReduceF32::kProduct;
  static F32 Neutral() { return Set(1.0f); }
  static F32 Join(F32 accumulator, F32 x) { return Mul(accumulator, x); }
  static F32 JoinAgain(F32 a, F32 b) { return Mul(a, b); }
};
// Max(a, b) and Min(a, b) are b where one is NaN: a NaN in x comes through as b, one in the accumulator by the selection.
struct MaxOp {
  static constexpr qk::ReduceF32 kAgain = qk::ReduceF32::kMax;
  static F32 Neutral() { return Set(-__builtin_inff()); }
  static F32 Join(F32 accumulator, F32 x) { return Select(IsNan(accumulator), accumulator, Max(accumulator, x)); }
  static F32 JoinAgain(F32 a, F32 b) { return Join(a, b); }
};
struct MinOp {
  static constexpr qk::ReduceF32 kAgain = qk::ReduceF32::kMin;
  static F32 Neutral() { return Set(__builtin_inff()); }
  static F32 Join(F32 accumulator, F32 x) { return Select(IsNan(accumulator), accumulator, Min(accumulator, x)); }
  static F32 JoinAgain(F32 a, F32 b) { return Join(a, b); }
};

template <class Operation>
inline float RunOf(qk::ReduceF32 op, const float* x, int64_t n) {
  F32 acc[kAccumulators];
#pragma GCC unroll 8
  for (int u = 0; u < kAccumulators; u++) acc[u] = Operation::Neutral();
  int64_t i = 0;
  for (; i + kAccumulators * kLanes <= n; i += kAccumulators * kLanes) {
#pragma GCC unroll 8
    for (int u = 0; u < kAccumulators; u++) acc[u] = Operation::Join(acc[u], Load(x + i + u * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) acc[0] = Operation::Join(acc[0], Load(x + i));
#pragma GCC unroll 8
  for (int u = 1; u < kAccumulators; u++) acc[0] = Operation::JoinAgain(acc[0], acc[u]);
  float parts[kLanes + 1];
  Store(parts, acc[0]);
  parts[kLanes] = qk_reduce_f32_run__scalar(op, x + i, n - i);
  return qk_reduce_f32_run__scalar(Operation::kAgain, parts, kLanes + 1);
}

template <class Operation>
inline void ColumnsOf(const float* x, int64_t rows, int64_t columns, float* accumulator) {
  int64_t c = 0;
  for (; c + 4 * kLanes <= columns; c += 4 * kLanes) {
    F32 acc[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) acc[v] = Load(accumulator + c + v * kLanes);
    for (int64_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) acc[v] = Operation::Join(acc[v], Load(x + r * columns + c + v * kLanes));
    }
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) Store(accumulator + c + v * kLanes, acc[v]);
  }
  for (; c < columns; c += kLanes) {
    const int64_t lanes = columns - c < kLanes ? columns - c : kLanes;
    F32 acc = LoadFirst(accumulator + c, lanes);
    for (int64_t r = 0; r < rows; r++) acc = Operation::Join(acc, LoadFirst(x + r * columns + c, lanes));
    StoreFirst(accumulator + c, acc, lanes);
  }
}

inline float Run(qk::ReduceF32 op, const float* x, int64_t n) {
  switch (op) {
    case qk::ReduceF32::kSum:
      return RunOf<SumOp>(op, x, n);
    case qk::ReduceF32::kSumSquares:
      return RunOf<SumSquaresOp>(op, x, n);
    case qk::ReduceF32::kProduct:
      return RunOf<ProductOp>(op, x, n);
    case qk::ReduceF32::kMax:
      return RunOf<MaxOp>(op, x, n);
    case qk::ReduceF32::kMin:
      return RunOf<MinOp>(op, x, n);
    case qk::ReduceF32::kCount:
      break;
  }
  return 0;
}

inline void Columns(qk::ReduceF32 op, const float* x, int64_t rows, int64_t columns, float* accumulator) {
  switch (op) {
    case qk::ReduceF32::kSum:
      return ColumnsOf<SumOp>(x, rows, columns, accumulator);
    case qk::ReduceF32::kSumSquares:
      return ColumnsOf<SumSquaresOp>(x, rows, columns, accumulator);
    case qk::ReduceF32::kProduct:
      return ColumnsOf<ProductOp>(x, rows, columns, accumulator);
    case qk::ReduceF32::kMax:
      return ColumnsOf<MaxOp>(x, rows, columns, accumulator);
    case qk::ReduceF32::kMin:
      return ColumnsOf<MinOp>(x, rows, columns, accumulator);
    case qk::ReduceF32::kCount:
      break;
  }
}

}  // namespace

#endif  // QK_KERNELS_REDUCE_F32_REDUCE_SIMD_H_
