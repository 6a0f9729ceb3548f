#include <arm_neon.h>

#include <cstdint>

#include "qk/half_f32.h"

// The tail goes through a register's worth of stack.

namespace {

// Runs convert(from, to) for every four elements.
template <class From, class To, class Convert>
void ForEachFour(const From* from, int64_t n, To* to, Convert convert) {
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) convert(from + i, to + i);
  if (i == n) return;
  From in[4] = {};
  To out[4];
  for (int64_t k = i; k < n; k++) in[k - i] = from[k];
  convert(in, out);
  for (int64_t k = i; k < n; k++) to[k] = out[k - i];
}

// bits + 0x7fff + (bit 16), upper half; NaN keeps its upper half, made quiet.
void ToBf16(const float* from, uint16_t* to) {
  const float32x4_t v_f32x4 = vld1q_f32(from);
  const uint32x4_t bits_u32x4 = vreinterpretq_u32_f32(v_f32x4);
  const uint32x4_t upper_u32x4 = vshrq_n_u32(bits_u32x4, 16);
  const uint32x4_t bias_u32x4 = vaddq_u32(vandq_u32(upper_u32x4, vdupq_n_u32(1)), vdupq_n_u32(0x7fff));
  const uint32x4_t rounded_u32x4 = vshrq_n_u32(vaddq_u32(bits_u32x4, bias_u32x4), 16);
  const uint32x4_t quiet_u32x4 = vorrq_u32(upper_u32x4, vdupq_n_u32(0x40));
  const uint32x4_t is_number = vceqq_f32(v_f32x4, v_f32x4);
  vst1_u16(to, vmovn_u32(vbslq_u32(is_number, rounded_u32x4, quiet_u32x4)));
}

}  // namespace

void qk_half_f32_to_f16__neon(const float* x, int64_t n, uint16_t* half) {
  ForEachFour(x, n, half,
              [](const float* from, uint16_t* to) { vst1_u16(to, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(from)))); });
}

void qk_half_f32_from_f16__neon(const uint16_t* half, int64_t n, float* x) {
  ForEachFour(half, n, x,
              [](const uint16_t* from, float* to) { vst1q_f32(to, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)))); });
}

void qk_half_f32_to_bf16__neon(const float* x, int64_t n, uint16_t* half) { ForEachFour(x, n, half, ToBf16); }

void qk_half_f32_from_bf16__neon(const uint16_t* half, int64_t n, float* x) {
  ForEachFour(half, n, x, [](const uint16_t* from, float* to) {
    vst1q_f32(to, vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(from)), 16)));
  });
}
