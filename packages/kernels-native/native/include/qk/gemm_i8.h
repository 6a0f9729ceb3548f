// gemm_i8: the register tiles under every int8 matrix product and convolution.
//
//   acc[r][j] = initial[j] + sum_t sum_d (a[r][t][d] ^ flip) * b[t][d][j]            a unsigned, b signed bytes
//   a[r][t][d] = rows[r][tap_offsets[t] + d],   0 <= t < taps, 0 <= d < depth
//
// Rows are pointers, so one kernel follows the rows of a matrix (one tap) and the windows of an image (a tap per window row or
// per window cell). Signed activations are read as unsigned ones with the sign bit flipped, which adds 128 to each: the driver
// puts the correction into `initial`, with the zero points and the bias (docs/kernels.md, "Zero points").
//
// Overflow: arithmetic modulo 2^32; the caller guarantees that the final accumulator fits int32 (docs/numerics.md eq. 10).
#ifndef QK_GEMM_I8_H_
#define QK_GEMM_I8_H_

#include <cstddef>
#include <cstdint>

#include "qk/table.h"

namespace qk {

// Columns of one register: the unit of packed weights.
inline constexpr int64_t kGemmI8Lanes = 16;
// Registers in a full panel: 64 columns.
inline constexpr int64_t kGemmI8PanelVectors = 4;

// What a tile writes.
enum class GemmI8Output : int32_t {
  kI32 = 0,    // the accumulators
  kCodes = 1,  // saturate(roundHalfEven(fround(fround(acc) * multiplier[j])) + zero_point), as bytes
  kF32 = 2,    // fround(fround(acc) * multiplier[j]) (+ addend[j])
};

// One panel (16 * vectors columns of b) times many rows. Arrays over columns are padded to 16 * vectors.
struct GemmI8Panel {
  const uint8_t* const* rows;  // [row_count]
  int64_t row_count;
  const int64_t* tap_offsets;  // [taps] bytes
  int64_t taps;
  int64_t depth;               // bytes per tap, >= 1; exactly these are read
  uint32_t flip;               // 0x80808080 for signed a, else 0
  const int8_t* b;             // packed: [taps][ceil(depth/4)][16 * vectors][4], 0 beyond depth
  int64_t vectors;             // 1 .. 4
  int64_t columns;             // columns written: 1 .. 16 * vectors

  const int32_t* initial;      // [16 * vectors]
  const int32_t* row_sums;     // [row_count] sum of (a ^ flip), or null when all b_zero are 0
  const int32_t* b_zero;       // [16 * vectors], or null: acc -= row_sums[r] * b_zero[j]

  GemmI8Output output;
  const float* multiplier;     // [16 * vectors]
  const float* addend;         // [16 * vectors], or null; kF32 only
  int32_t zero_point;          // kCodes: of the output
  int32_t qmin;                // kCodes: bounds, both within the type of the output
  int32_t qmax;
  bool signed_codes;           // kCodes: int8 instead of uint8

  void* out;                   // of row 0, column 0
  int64_t out_stride;          // elements between rows
};

// Row sums for weights with a zero point:  sums[r] = sum_t sum_d (rows[r][tap_offsets[t] + d] ^ flip)
struct GemmI8RowSums {
  const uint8_t* const* rows;
  int64_t row_count;
  const int64_t* tap_offsets;
  int64_t taps;
  int64_t depth;
  uint32_t flip;
  int32_t* sums;
};

}  // namespace qk

using QkGemmI8 = void(const qk::GemmI8Panel& panel);
using QkGemmI8RowSums = void(const qk::GemmI8RowSums& call);

extern "C" {
QkGemmI8 qk_gemm_i8__scalar, qk_gemm_i8__avx2, qk_gemm_i8__avxvnni, qk_gemm_i8__avx512vnni, qk_gemm_i8__neon,
    qk_gemm_i8__neondot;
QkGemmI8RowSums qk_gemm_i8_row_sums__scalar, qk_gemm_i8_row_sums__avx512vnni;
}

namespace qk {

struct GemmI8Table {
  Op<QkGemmI8*> panel;
  Op<QkGemmI8RowSums*> row_sums;
};

const GemmI8Table& GemmI8Tables(Tier tier);
void VisitGemmI8(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_GEMM_I8_H_
