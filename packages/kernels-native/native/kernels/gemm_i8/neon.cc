// gemm_i8__neon: products in 16 bits, added in pairs to 32. Tile: 4 rows x 8 columns; a step is 4 bytes of depth. An accumulator
// register holds 2 columns x 2 partial sums, added at the end. SMULL wants both factors signed, so a is read minus 128 and
// 128 * sum(b) is added at the end.
// Exactness: integer, bit-identical to scalar.
#include <arm_neon.h>

#include "qk/gemm_i8.h"

namespace {

using qk::GemmI8Output;
using qk::GemmI8Panel;

// Up to four bytes of a, twice.
inline int8x8_t LoadStep(const uint8_t* a, int64_t count, uint8x8_t sign) {
  uint32_t word = 0;
  if (count >= 4) {
    __builtin_memcpy(&word, a, 4);
  } else {
    for (int64_t i = 0; i < count; i++) word |= static_cast<uint32_t>(a[i]) << (8 * i);
  }
  return vreinterpret_s8_u8(veor_u8(vreinterpret_u8_u32(vdup_n_u32(word)), sign));
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
  int32_t values[8];
  for (int v = 0; v < 2; v++) vst1q_s32(values + 4 * v, Finish(p, acc[v], column + 4 * v));
  const int64_t columns = p.columns - column < 8 ? p.columns - column : 8;
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
  const uint8x8_t sign = vdup_n_u8(static_cast<uint8_t>(p.flip ^ 0x80));
  const int8_t* b = p.b + 4 * column;
  const uint8_t* rows[kRows];
  for (int r = 0; r < kRows; r++) rows[r] = p.rows[row + r];
  for (int64_t t = 0; t < p.taps; t++) {
    const int64_t begin = p.tap_offsets[t];
    for (int64_t d = 0; d < p.depth; d += 4, b += 64 * p.vectors) {
      int8x8_t b_i8x8[4];
      for (int v = 0; v < 4; v++) {
        b_i8x8[v] = vld1_s8(b + 8 * v);
        b_sum[v] = vpadalq_s16(b_sum[v], vmovl_s8(b_i8x8[v]));
      }
      for (int r = 0; r < kRows; r++) {
        const int8x8_t a = LoadStep(rows[r] + begin + d, p.depth - d, sign);
        for (int v = 0; v < 4; v++) acc[r][v] = vpadalq_s16(acc[r][v], vmull_s8(b_i8x8[v], a));
      }
    }
  }
  for (int r = 0; r < kRows; r++) {
    int32x4_t sums[2];
    for (int v = 0; v < 2; v++) {
      const int64_t at = column + 4 * v;
      const int32x4_t b_total = vpaddq_s32(b_sum[2 * v], b_sum[2 * v + 1]);
      sums[v] = vaddq_s32(vpaddq_s32(acc[r][2 * v], acc[r][2 * v + 1]), vshlq_n_s32(b_total, 7));
      sums[v] = vaddq_s32(sums[v], vld1q_s32(p.initial + at));
      if (p.row_sums != nullptr) sums[v] = vmlsq_n_s32(sums[v], vld1q_s32(p.b_zero + at), p.row_sums[row + r]);
    }
    Store(p, sums, row + r, column);
  }
}

}  // namespace

extern "C" void qk_gemm_i8__neon(const GemmI8Panel& p) {
  for (int64_t column = 0; column < p.columns; column += 8) {
    int64_t row = 0;
    for (; row + 4 <= p.row_count; row += 4) Tile<4>(p, row, column);
    for (; row < p.row_count; row++) Tile<1>(p, row, column);
  }
}
