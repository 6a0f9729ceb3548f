// depthwise_i8__neon: 8 channels at a time, one tap after the other: codes and weights widened to 16 bits, SMLAL into two
// registers of 4 channels. Weights of a tap are gathered from the packed block of 64 channels.
// Exactness: integer, bit-identical to scalar.
#include <arm_neon.h>

#include "qk/depthwise_i8.h"

namespace {

using qk::DepthwiseI8Row;

// Packed position of channel c of a block: the inverse of DepthwiseI8Channel. Channels 4i .. 4i+3 are neighbours.
int64_t PackedPosition(int64_t c) { return c / 4 % 4 * 16 + c / 16 * 4 + c % 4; }

struct Eight {
  int64_t first;  // channel
  int64_t count;  // that exist
  int64_t low;    // packed position of the first four
  int64_t high;   // of the second four
  int64_t block;
};

inline int16x8_t LoadCodes(const uint8_t* at, int64_t count, uint8x8_t flip) {
  uint8_t bytes[8] = {};
  if (count < 8) {
    for (int64_t i = 0; i < count; i++) bytes[i] = at[i];
    at = bytes;
  }
  return vreinterpretq_s16_u16(vmovl_u8(veor_u8(vld1_u8(at), flip)));
}

// Weights of image row `i` of the window for four channels: every fourth byte.
inline int16x4_t LoadWeights(const int8_t* packed, int64_t i) {
  const int32x4_t words = vreinterpretq_s32_s8(vld1q_s8(packed));
  const int32x4_t shift = vdupq_n_s32(static_cast<int32_t>(24 - 8 * i));
  return vmovn_s32(vshrq_n_s32(vshlq_s32(words, shift), 24));
}

inline int32x4_t Codes(const DepthwiseI8Row& p, int32x4_t acc, const float* multiplier) {
  float32x4_t real = vmulq_f32(vcvtq_f32_s32(acc), vld1q_f32(multiplier));
  real = vmaxnmq_f32(real, vdupq_n_f32(static_cast<float>(p.qmin - p.zero_point)));
  real = vminq_f32(real, vdupq_n_f32(static_cast<float>(p.qmax - p.zero_point)));
  return vaddq_s32(vcvtnq_s32_f32(real), vdupq_n_s32(p.zero_point));
}

void Run(const DepthwiseI8Row& p, const Eight& e, int64_t out_row) {
  const int64_t row_groups = (p.kernel_height + 3) / 4;
  const uint8x8_t flip = vdup_n_u8(static_cast<uint8_t>(p.flip));
  const int8_t* block = p.weights + e.block * p.kernel_width * row_groups * 256;
  for (int64_t ox = 0; ox < p.out_width; ox++) {
    int32x4_t low = vld1q_s32(p.initial + e.block * 64 + e.low);
    int32x4_t high = vld1q_s32(p.initial + e.block * 64 + e.high);
    for (int64_t j = 0; j < p.kernel_width; j++) {
      const int64_t x = ox * p.stride_x + j * p.dilation_x - p.pad_left;
      const bool inside = x >= 0 && x < p.width;
      for (int64_t i = 0; i < p.kernel_height; i++) {
        const int64_t row = out_row + i;
        const uint8_t* at = inside ? p.rows[row] + x * p.column_stride[row] : p.pad;
        const int16x8_t codes = LoadCodes(at + e.first, e.count, flip);
        const int8_t* weights = block + (j * row_groups + i / 4) * 256;
        low = vmlal_s16(low, vget_low_s16(codes), LoadWeights(weights + 4 * e.low, i % 4));
        high = vmlal_s16(high, vget_high_s16(codes), LoadWeights(weights + 4 * e.high, i % 4));
      }
    }
    int32_t values[8];
    vst1q_s32(values, Codes(p, low, p.multiplier + e.block * 64 + e.low));
    vst1q_s32(values + 4, Codes(p, high, p.multiplier + e.block * 64 + e.high));
    uint8_t* out = p.out + (out_row * p.out_width + ox) * p.channels + e.first;
    for (int64_t i = 0; i < e.count; i++) out[i] = static_cast<uint8_t>(values[i]);
  }
}

}  // namespace

extern "C" void qk_depthwise_i8__neon(const DepthwiseI8Row& p) {
  for (int64_t first = 0; first < p.channels; first += 8) {
    const int64_t left = p.channels - first;
    const int64_t in_block = first % 64;
    const Eight eight = {first, left < 8 ? left : 8, PackedPosition(in_block), PackedPosition(in_block + 4), first / 64};
    for (int64_t r = 0; r < p.out_rows; r++) Run(p, eight, r);
  }
}
