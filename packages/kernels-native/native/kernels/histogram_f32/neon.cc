#include <arm_neon.h>

#include <cstdint>

#include "counting.h"

void qk_histogram_f32__neon(const QkHistogram& h, const float* x, int64_t n) {
  const int32x4_t first_i32x4 = vdupq_n_s32(h.first_bin);
  const uint32x4_t bins_u32x4 = vdupq_n_u32(h.bins);
  CountAll(h, x, n, [&](const float* from, uint32_t* to) {
    for (int k = 0; k < kGroup; k += 4) {
      const float32x4_t v_f32x4 = vld1q_f32(from + k);
      const float32x4_t floor_f32x4 = vrndmq_f32(vmulq_n_f32(v_f32x4, h.inverse));
      // A negative value lies below bin 0 even where the product underflows to -0.
      const float32x4_t below_f32x4 = vminq_f32(floor_f32x4, vdupq_n_f32(-1));
      const float32x4_t bin_f32x4 = vbslq_f32(vcltzq_f32(v_f32x4), below_f32x4, floor_f32x4);
      // What int32 cannot hold saturates, which is outside of all bins since |first_bin|, bins < 2^30; NaN would become 0.
      const uint32x4_t index_u32x4 = vreinterpretq_u32_s32(vsubq_s32(vcvtq_s32_f32(bin_f32x4), first_i32x4));
      const uint32x4_t is_number = vceqq_f32(v_f32x4, v_f32x4);
      vst1q_u32(to + k, vbslq_u32(is_number, vminq_u32(index_u32x4, bins_u32x4), bins_u32x4));
    }
  });
}
