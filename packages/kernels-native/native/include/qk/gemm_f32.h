#ifndef QK_GEMM_F32_H_
#define QK_GEMM_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

namespace qk {

class Context;

// How a tile starts and ends. Pointers are those of column 0 of the whole matrix, as c_rows are.
struct GemmF32Epilogue {
  const float* bias;                  // added to every row, or null
  const float* const* residual_rows;  // [rows] of floats added, or null
  bool accumulate;                    // start from what c_rows hold
  float minimum;                      // clamp of the result; -inf and +inf clamp nothing, NaN passes
  float maximum;
};

// The register tile under every f32 matrix product and convolution.
//
//   c_rows[r][column + j] = clamp(starts[r][j] + sum_t sum_d a_rows[r][tap_offsets[t] + d] * b[(t * depth + d) * b_stride + j])
//   0 <= r < rows, 0 <= j < columns, 0 <= t < taps, 0 <= d < depth
//
// Rows are pointers, so a tile may follow a matrix, a packed panel or the pixels of an image; a tap is a displacement shared
// by all rows: a matrix product has one tap at 0, a 3x3 convolution three (its window rows) or nine.
struct GemmF32Tile {
  const float* const* a_rows;  // [rows]
  const int64_t* tap_offsets;  // [taps] in floats
  int64_t taps;                // 0 gives the start values alone
  int64_t depth;
  const float* b;
  int64_t b_stride;      // floats between rows of b
  float* const* c_rows;  // [rows]
  int64_t column;        // first column of the tile in c, bias and residual
  int64_t rows;          // 1 .. max_rows of the table
  int64_t columns;       // 1 .. max_columns of the table
  GemmF32Epilogue epilogue;
};

}  // namespace qk

// Reads and writes exactly the elements of the formula. Method: rows x columns accumulators stay in registers over all taps.
// Rounding: terms in the order t, d, each one fused multiply-add (scalar: a product and a sum), then bias, start and residual
// in that order. |error| <= (taps * depth + 3) * 2^-24 * (the same sum of absolute values), to first order.
using QkGemmF32Tile = void(const qk::GemmF32Tile& tile);

// y[c * y_stride + r] = x[r * x_stride + c],  0 <= r < rows, 0 <= c < columns
using QkTransposeF32 = void(const float* x, int64_t x_stride, int64_t rows, int64_t columns, float* y, int64_t y_stride);

extern "C" {
QkGemmF32Tile qk_gemm_f32_tile__scalar, qk_gemm_f32_tile__avx2, qk_gemm_f32_tile__avx512vnni, qk_gemm_f32_tile__neon;
QkTransposeF32 qk_transpose_f32__scalar, qk_transpose_f32__avx2, qk_transpose_f32__avx512vnni, qk_transpose_f32__neon;
}

namespace qk {

struct GemmF32Table {
  Op<QkGemmF32Tile*> tile;
  int64_t max_rows;     // of a full tile
  int64_t max_columns;  // of a full tile: two registers; also the width of a packed panel of b
  Op<QkTransposeF32*> transpose;
};

const GemmF32Table& GemmF32Tables(Tier tier);
void VisitGemmF32(Tier tier, OpVisitor visit, void* context);

// No tier has larger tiles.
inline constexpr int64_t kGemmF32MostRows = 12;

// A matrix as it lies in memory.
struct GemmF32Matrix {
  const float* data;
  int64_t stride;   // floats between stored rows
  bool transposed;  // stored with rows and columns exchanged
};

// Floats of a packed matrix b [k][n]: panels of max_columns columns, [panel][k][max_columns], the last one not filled up.
int64_t PackedF32Size(Tier tier, int64_t k, int64_t n);
void PackF32(Context& context, const GemmF32Matrix& b, int64_t k, int64_t n, float* packed);

// c[i][m][n] = clamp(a[i][m][k] * b[i][k][n] + bias[n] (+ c[i]))   for i < batch
struct GemmF32Call {
  int64_t m, n, k, batch;
  GemmF32Matrix a, b;
  const float* packed_b;  // b of PackF32 on the same tier instead, shared by the batch, or null
  float* c;
  int64_t c_stride;
  int64_t a_batch, b_batch, c_batch;  // floats between matrices; 0 shares one
  const float* bias;                  // [n] or null
  bool accumulate;
  float minimum, maximum;
};

// Blocked over k (256), m and n; panels of b are packed where they are used often enough.
Status GemmF32(Context& context, const GemmF32Call& call);

}  // namespace qk

#endif  // QK_GEMM_F32_H_
