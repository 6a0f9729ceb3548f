// gemm_b1: dot products of signs (bit 1 is +1, bit 0 is -1), and of signs with ternary weights.
//
//   binary   acc[r][j] = initial[r][j] - 2 * sum popcount(a ^ w)                 initial: number of products
//   ternary  acc[r][j] = initial[r][j] - 2 * sum popcount((a ^ sign) & mask)     initial: number of non-zero weights
//   a[r][t][d] = rows[r][tap_offsets[t] + d], 0 <= t < taps, 0 <= d < depth      words of 64 signs
//
// Words beyond the channels hold equal bits in a and w (both 0), which add nothing. Rows are pointers, as in gemm_i8.h; initial
// is one row of 8 * vectors values per row of a, so that windows on the border carry their own correction (docs/kernels.md).
// Packed weights: [taps][depth][8 * vectors] words; ternary [taps][depth][sign, mask][8 * vectors].
#ifndef QK_GEMM_B1_H_
#define QK_GEMM_B1_H_

#include <cstdint>

#include "qk/table.h"

namespace qk {

inline constexpr int64_t kGemmB1Lanes = 8;           // outputs per register of the widest tier
inline constexpr int64_t kGemmB1PanelVectors = 4;    // 32 outputs per panel

enum class GemmB1Output : int32_t {
  kI32 = 0,   // the accumulators
  kF32 = 1,   // fround(fround(acc) * scale[j]) + offset[j]
  kBits = 2,  // (acc >= threshold[j]) != inverts[j], eight outputs to a byte, the first one lowest
};

struct GemmB1Panel {
  const uint64_t* const* rows;  // [row_count]
  int64_t row_count;
  const int64_t* tap_offsets;   // [taps] words
  int64_t taps;
  int64_t depth;                // words per tap
  const uint64_t* weights;
  bool is_ternary;
  int64_t vectors;              // 1 .. 4
  int64_t columns;              // outputs that exist: 1 .. 8 * vectors
  const int32_t* const* initial;  // [row_count] rows of 8 * vectors

  GemmB1Output output;
  const float* scale;           // [8 * vectors]; kF32
  const float* offset;          // [8 * vectors], or null; kF32
  const int32_t* threshold;     // [8 * vectors]; kBits
  const uint8_t* inverts;       // [vectors] bytes of eight bits; kBits
  void* out;                    // of row 0 and the panel's first output
  int64_t out_stride;           // elements between rows (kBits: bytes)
};

// Signs to bits: bit i of the word is 1 where x[i] >= 0 (so +0, -0 give 1, NaN 0). Writes ceil(count / 64) words, unused bits 0.
struct PackSigns {
  const float* x;
  int64_t count;
  uint64_t* words;
};

}  // namespace qk

using QkGemmB1 = void(const qk::GemmB1Panel& panel);
using QkPackSigns = void(const qk::PackSigns& run);

extern "C" {
QkGemmB1 qk_gemm_b1__scalar, qk_gemm_b1__avx2, qk_gemm_b1__avx512vnni, qk_gemm_b1__neon;
QkPackSigns qk_pack_signs__scalar, qk_pack_signs__avx2, qk_pack_signs__avx512vnni;
}

namespace qk {

struct GemmB1Table {
  Op<QkGemmB1*> panel;
  Op<QkPackSigns*> pack_signs;
};

const GemmB1Table& GemmB1Tables(Tier tier);
void VisitGemmB1(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_GEMM_B1_H_
