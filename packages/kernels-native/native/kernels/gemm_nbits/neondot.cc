// gemm_nbits__neondot: 4 outputs per register, SDOT of codes and activations. Codes of 2 and 4 bits are small enough to be signed
// as they are; codes of 8 bits are read minus 128, and 128 times the sum of the activations is added back.
// Exactness: the same bits as scalar (integer sums; floats in the order of gemm_nbits.h).
#include <arm_neon.h>

#include "qk/gemm_nbits.h"

namespace {

using qk::GemmNBitsPanel;

constexpr int kVectors = 4;

// Depth 4f .. 4f+3 of a step for 4 outputs.
inline int8x16_t Field(uint8x16_t packed, int64_t bits, int64_t f) {
  if (bits == 8) return vreinterpretq_s8_u8(veorq_u8(packed, vdupq_n_u8(0x80)));
  const uint8x16_t shifted = vshlq_u8(packed, vdupq_n_s8(static_cast<int8_t>(-f * bits)));
  return vreinterpretq_s8_u8(vandq_u8(shifted, vdupq_n_u8(static_cast<uint8_t>((1 << bits) - 1))));
}

template <int kRows>
[[gnu::noinline]] void Codes(const GemmNBitsPanel& p, int64_t first) {
  const int64_t fields = 8 / p.bits;
  const int64_t steps = p.chunk / (4 * fields);
  float32x4_t acc[kRows][kVectors];
  for (int r = 0; r < kRows; r++) {
    for (int v = 0; v < kVectors; v++) acc[r][v] = vdupq_n_f32(0);
  }
  const uint8_t* weights = p.weights;
  for (int64_t c = 0; c < p.chunks; c++) {
    const int64_t at = c / p.block_chunks * 16;
    int32x4_t dot[kRows][kVectors];
    for (int r = 0; r < kRows; r++) {
      const int32_t sum = p.code_sums[c * p.rows + first + r];
      for (int v = 0; v < kVectors; v++) {
        int32_t start[4];
        for (int j = 0; j < 4; j++) start[j] = (p.bits == 8 ? 128 - p.zeros[at + 4 * v + j] : -p.zeros[at + 4 * v + j]) * sum;
        dot[r][v] = vld1q_s32(start);
      }
    }
    const int8_t* a = p.codes + (c * p.rows + first) * p.chunk;
    for (int64_t s = 0; s < steps; s++, weights += 64, a += 4 * fields) {
      for (int64_t f = 0; f < fields; f++) {
        int8x16_t codes[kVectors];
        for (int v = 0; v < kVectors; v++) codes[v] = Field(vld1q_u8(weights + 16 * v), p.bits, f);
        for (int r = 0; r < kRows; r++) {
          int32_t word;
          __builtin_memcpy(&word, a + r * p.chunk + 4 * f, 4);
          const int8x16_t a_i8x16 = vreinterpretq_s8_s32(vdupq_n_s32(word));
          for (int v = 0; v < kVectors; v++) dot[r][v] = vdotq_s32(dot[r][v], codes[v], a_i8x16);
        }
      }
    }
    for (int r = 0; r < kRows; r++) {
      const float scale = p.code_scales[c * p.rows + first + r];
      for (int v = 0; v < kVectors; v++) {
        const float32x4_t both = vmulq_n_f32(vld1q_f32(p.scales + at + 4 * v), scale);
        acc[r][v] = vfmaq_f32(acc[r][v], vcvtq_f32_s32(dot[r][v]), both);
      }
    }
  }
  for (int r = 0; r < kRows; r++) {
    float values[16];
    for (int v = 0; v < kVectors; v++) vst1q_f32(values + 4 * v, acc[r][v]);
    float* out = p.out + (first + r) * p.out_stride;
    for (int64_t j = 0; j < p.columns; j++) out[j] = p.bias == nullptr ? values[j] : values[j] + p.bias[j];
  }
}

}  // namespace

extern "C" void qk_gemm_nbits_codes__neondot(const GemmNBitsPanel& p) {
  int64_t m = 0;
  for (; m + 2 <= p.rows; m += 2) Codes<2>(p, m);
  for (; m < p.rows; m++) Codes<1>(p, m);
}
