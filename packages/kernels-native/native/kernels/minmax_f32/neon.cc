#include <arm_neon.h>

#include <cstdint>

#include "qk/minmax_f32.h"

// Method: values whose magnitude is not below infinity are replaced by the neutral element and counted from the mask.

namespace {

constexpr float kInfinity = __builtin_inff();

uint32x4_t IsFinite(float32x4_t v_f32x4) { return vcaltq_f32(v_f32x4, vdupq_n_f32(kInfinity)); }

}  // namespace

int64_t qk_minmax_f32_run__neon(const float* x, int64_t n, float* min, float* max) {
  const float32x4_t high_f32x4 = vdupq_n_f32(kInfinity), low_f32x4 = vdupq_n_f32(-kInfinity);
  float32x4_t min_f32x4[2] = {high_f32x4, high_f32x4}, max_f32x4[2] = {low_f32x4, low_f32x4};
  int64_t bad = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    uint32x4_t finite_u32x4[2];
    for (int u = 0; u < 2; u++) {
      const float32x4_t v_f32x4 = vld1q_f32(x + i + 4 * u);
      finite_u32x4[u] = IsFinite(v_f32x4);
      min_f32x4[u] = vminq_f32(min_f32x4[u], vbslq_f32(finite_u32x4[u], v_f32x4, high_f32x4));
      max_f32x4[u] = vmaxq_f32(max_f32x4[u], vbslq_f32(finite_u32x4[u], v_f32x4, low_f32x4));
    }
    bad += 8 - static_cast<int64_t>(vaddvq_u32(vaddq_u32(vshrq_n_u32(finite_u32x4[0], 31), vshrq_n_u32(finite_u32x4[1], 31))));
  }
  float low = vminvq_f32(vminq_f32(min_f32x4[0], min_f32x4[1]));
  float high = vmaxvq_f32(vmaxq_f32(max_f32x4[0], max_f32x4[1]));
  for (; i < n; i++) {
    if (x[i] - x[i] != 0) {
      bad++;
      continue;
    }
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  *min = low;
  *max = high;
  return bad;
}

int64_t qk_minmax_f32_columns__neon(const float* x, int64_t rows, int64_t columns, float* min, float* max) {
  const float32x4_t high_f32x4 = vdupq_n_f32(kInfinity), low_f32x4 = vdupq_n_f32(-kInfinity);
  int64_t bad = 0, c = 0;
  for (; c + 4 <= columns; c += 4) {
    float32x4_t min_f32x4 = vld1q_f32(min + c), max_f32x4 = vld1q_f32(max + c);
    for (int64_t r = 0; r < rows; r++) {
      const float32x4_t v_f32x4 = vld1q_f32(x + r * columns + c);
      const uint32x4_t finite_u32x4 = IsFinite(v_f32x4);
      bad += 4 - static_cast<int64_t>(vaddvq_u32(vshrq_n_u32(finite_u32x4, 31)));
      min_f32x4 = vminq_f32(min_f32x4, vbslq_f32(finite_u32x4, v_f32x4, high_f32x4));
      max_f32x4 = vmaxq_f32(max_f32x4, vbslq_f32(finite_u32x4, v_f32x4, low_f32x4));
    }
    vst1q_f32(min + c, min_f32x4);
    vst1q_f32(max + c, max_f32x4);
  }
  for (; c < columns; c++) {
    for (int64_t r = 0; r < rows; r++) {
      const float v = x[r * columns + c];
      if (v - v != 0) {
        bad++;
        continue;
      }
      if (v < min[c]) min[c] = v;
      if (v > max[c]) max[c] = v;
    }
  }
  return bad;
}
