#ifndef QK_REDUCE_F32_H_
#define QK_REDUCE_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

namespace qk {

// The order is that of src/float/reduce.ts. NaN gives NaN in all of them.
enum class ReduceF32 : int32_t { kSum, kSumSquares, kProduct, kMax, kMin, kCount };

}  // namespace qk

// The reduction of x[n]; of no elements the neutral one (0, 1, -infinity, infinity).
// Rounding: sums and products run in several accumulators, one per lane and register, added at the end.
using QkReduceRun = float(qk::ReduceF32 op, const float* x, int64_t n);

// accumulator[c] = op(accumulator[c], x[r][c]) over all rows in their order; x [rows][columns] contiguous.
using QkReduceColumns = void(qk::ReduceF32 op, const float* x, int64_t rows, int64_t columns, float* accumulator);

extern "C" {
QkReduceRun qk_reduce_f32_run__scalar, qk_reduce_f32_run__avx2, qk_reduce_f32_run__avx512vnni, qk_reduce_f32_run__neon;
QkReduceColumns qk_reduce_f32_columns__scalar, qk_reduce_f32_columns__avx2, qk_reduce_f32_columns__avx512vnni,
    qk_reduce_f32_columns__neon;
}

namespace qk {

class Context;

struct ReduceF32Table {
  Op<QkReduceRun*> run;
  Op<QkReduceColumns*> columns;
};

const ReduceF32Table& ReduceF32Tables(Tier tier);
void VisitReduceF32(Tier tier, OpVisitor visit, void* context);

// out[o][i] = scale * op_n x[o][n][i]. Blocks whose size depends on the shape alone are reduced in float and joined in double,
// in order. Of no elements: the neutral one (times scale).
Status RunReduceF32(Context& context, ReduceF32 op, int64_t outer, int64_t length, int64_t inner, const float* x, float scale,
                    float* out);

// out[o][i] = the first n at which x[o][n][i] is largest (smallest); the first NaN wins.
Status RunArgReduceF32(Context& context, bool largest, int64_t outer, int64_t length, int64_t inner, const float* x,
                       int32_t* out);

}  // namespace qk

#endif  // QK_REDUCE_F32_H_
