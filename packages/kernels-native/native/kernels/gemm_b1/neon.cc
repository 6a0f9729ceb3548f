// gemm_b1__neon: two outputs per register in 64-bit lanes; CNT counts bits per byte, UADALP widens the counts.
// Exactness: integer, bit-identical to scalar.
#include <arm_neon.h>

#include "qk/gemm_b1.h"

namespace {

using qk::GemmB1Output;
using qk::GemmB1Panel;

void Store(const GemmB1Panel& p, const int32_t* acc, int64_t row, int64_t column) {
  const int64_t columns = p.columns - column < 8 ? p.columns - column : 8;
  if (p.output == GemmB1Output::kBits) {
    unsigned bits = 0;
    for (int64_t j = 0; j < columns; j++) bits |= (acc[j] >= p.threshold[column + j] ? 1u : 0u) << j;
    const unsigned inverts = p.inverts[column / 8] & ((1u << columns) - 1);
    static_cast<uint8_t*>(p.out)[row * p.out_stride + column / 8] = static_cast<uint8_t>(bits ^ inverts);
    return;
  }
  for (int64_t j = 0; j < columns; j++) {
    const int64_t at = row * p.out_stride + column + j;
    if (p.output == GemmB1Output::kI32) {
      static_cast<int32_t*>(p.out)[at] = acc[j];
    } else {
      const float real = static_cast<float>(acc[j]) * p.scale[column + j];
      static_cast<float*>(p.out)[at] = p.offset == nullptr ? real : real + p.offset[column + j];
    }
  }
}

// Eight outputs of kRows rows.
template <int kRows>
[[gnu::noinline]] void Tile(const GemmB1Panel& p, int64_t row, int64_t column) {
  const int64_t width = 8 * p.vectors;
  const int64_t step = p.is_ternary ? 2 * width : width;
  uint64x2_t differing[kRows][4];
  for (int r = 0; r < kRows; r++) {
    for (int v = 0; v < 4; v++) differing[r][v] = vdupq_n_u64(0);
  }
  const uint64_t* w = p.weights + column;
  for (int64_t t = 0; t < p.taps; t++) {
    for (int64_t d = 0; d < p.depth; d++, w += step) {
      for (int v = 0; v < 4; v++) {
        const uint64x2_t sign = vld1q_u64(w + 2 * v);
        const uint64x2_t mask = p.is_ternary ? vld1q_u64(w + width + 2 * v) : vdupq_n_u64(~uint64_t{0});
        for (int r = 0; r < kRows; r++) {
          const uint64x2_t a = vdupq_n_u64(p.rows[row + r][p.tap_offsets[t] + d]);
          const uint8x16_t counts = vcntq_u8(vreinterpretq_u8_u64(vandq_u64(veorq_u64(a, sign), mask)));
          differing[r][v] = vpadalq_u32(differing[r][v], vpaddlq_u16(vpaddlq_u8(counts)));
        }
      }
    }
  }
  for (int r = 0; r < kRows; r++) {
    uint64_t totals[8];
    for (int v = 0; v < 4; v++) vst1q_u64(totals + 2 * v, differing[r][v]);
    int32_t values[8];
    for (int64_t j = 0; j < 8; j++) {
      values[j] = p.initial[row + r][column + j] - 2 * static_cast<int32_t>(totals[j]);
    }
    Store(p, values, row + r, column);
  }
}

}  // namespace

extern "C" void qk_gemm_b1__neon(const GemmB1Panel& p) {
  for (int64_t column = 0; column < p.columns; column += 8) {
    int64_t row = 0;
    for (; row + 4 <= p.row_count; row += 4) Tile<4>(p, row, column);
    for (; row < p.row_count; row++) Tile<1>(p, row, column);
  }
}
