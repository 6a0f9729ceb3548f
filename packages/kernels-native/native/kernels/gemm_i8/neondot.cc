// gemm_i8__neondot: SDOT. Tile: 6 rows x 16 columns (24 accumulators, 4 registers of b, 1 broadcast); a panel is walked 16 columns
// at a time. SDOT wants both factors signed, so a is read minus 128, and 128 * sum(b) is added at the end: one more SDOT with ones
// per register of b, shared by the rows.
// Exactness: integer, bit-identical to scalar.
#include <arm_neon.h>

#include "qk/gemm_i8.h"

namespace {

using qk::GemmI8Output;
using qk::GemmI8Panel;

// Up to four bytes of a, repeated in every lane.
inline int8x16_t LoadStep(const uint8_t* a, int64_t count, uint8x16_t sign) {
  uint32_t word = 0;
  if (count >= 4) {
    __builtin_memcpy(&word, a, 4);
  } else {
    for (int64_t i = 0; i < count; i++) word |= static_cast<uint32_t>(a[i]) << (8 * i);
  }
  return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(word)), sign));
}

// Four accumulators of one row; vcvtnq rounds halves to even.
inline int32x4_t Finish(const GemmI8Panel& p, int32x4_t acc, int64_t column) {
  if (p.output == GemmI8Output::kI32) return acc;
  float32x4_t real = vmulq_f32(vcvtq_f32_s32(acc), vld1q_f32(p.multiplier + column));
  if (p.output == GemmI8Output::kF32) {
    if (p.addend != nullptr) real = vaddq_f32(real, vld1q_f32(p.addend + column));
    return vreinterpretq_s32_f32(real);
  }
  real = vmaxnmq_f32(real, vdupq_n_f32(static_cast<float>(p.qmin - p.zero_point)));
  real = vminq_f32(real, vdupq_n_f32(static_cast<float>(p.qmax - p.zero_point)));
  return vaddq_s32(vcvtnq_s32_f32(real), vdupq_n_s32(p.zero_point));
}

void Store(const GemmI8Panel& p, const int32x4_t* acc, int64_t row, int64_t column) {
  int32_t values[16];
  for (int v = 0; v < 4; v++) vst1q_s32(values + 4 * v, Finish(p, acc[v], column + 4 * v));
  const int64_t columns = p.columns - column < 16 ? p.columns - column : 16;
  const int64_t at = row * p.out_stride + column;
  if (p.output == GemmI8Output::kCodes) {
    uint8_t* out = static_cast<uint8_t*>(p.out) + at;
    for (int64_t j = 0; j < columns; j++) out[j] = static_cast<uint8_t>(values[j]);
    return;
  }
  int32_t* out = static_cast<int32_t*>(p.out) + at;  // float bits where the output is float
  for (int64_t j = 0; j < columns; j++) out[j] = values[j];
}

template <int kRows>
[[gnu::noinline]] void Tile(const GemmI8Panel& p, int64_t row, int64_t column) {
  int32x4_t acc[kRows][4];
  int32x4_t b_sum[4];
  for (int v = 0; v < 4; v++) {
    b_sum[v] = vdupq_n_s32(0);
    for (int r = 0; r < kRows; r++) acc[r][v] = vdupq_n_s32(0);
  }
  const uint8x16_t sign = vdupq_n_u8(static_cast<uint8_t>(p.flip ^ 0x80));
  const int8x16_t ones = vdupq_n_s8(1);
  const int8_t* b = p.b + 4 * column;
  const uint8_t* rows[kRows];
  for (int r = 0; r < kRows; r++) rows[r] = p.rows[row + r];
  for (int64_t t = 0; t < p.taps; t++) {
    const int64_t begin = p.tap_offsets[t];
    for (int64_t d = 0; d < p.depth; d += 4, b += 64 * p.vectors) {
      int8x16_t b_i8x16[4];
      for (int v = 0; v < 4; v++) {
        b_i8x16[v] = vld1q_s8(b + 16 * v);
        b_sum[v] = vdotq_s32(b_sum[v], b_i8x16[v], ones);
      }
      for (int r = 0; r < kRows; r++) {
        const int8x16_t a = LoadStep(rows[r] + begin + d, p.depth - d, sign);
        for (int v = 0; v < 4; v++) acc[r][v] = vdotq_s32(acc[r][v], b_i8x16[v], a);
      }
    }
  }
  for (int r = 0; r < kRows; r++) {
    for (int v = 0; v < 4; v++) {
      const int64_t at = column + 4 * v;
      acc[r][v] = vaddq_s32(acc[r][v], vaddq_s32(vld1q_s32(p.initial + at), vshlq_n_s32(b_sum[v], 7)));
      if (p.row_sums != nullptr) acc[r][v] = vmlsq_n_s32(acc[r][v], vld1q_s32(p.b_zero + at), p.row_sums[row + r]);
    }
    Store(p, acc[r], row + r, column);
  }
}

}  // namespace

extern "C" void qk_gemm_i8__neondot(const GemmI8Panel& p) {
  for (int64_t column = 0; column < p.columns; column += 16) {
    int64_t row = 0;
    for (; row + 6 <= p.row_count; row += 6) Tile<6>(p, row, column);
    for (; row + 2 <= p.row_count; row += 2) Tile<2>(p, row, column);
    for (; row < p.row_count; row++) Tile<1>(p, row, column);
  }
}
