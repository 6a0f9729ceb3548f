// Four floats in an Advanced SIMD register. Everything here has internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_SIMD_F32X4_NEON_H_
#define QK_KERNELS_SIMD_F32X4_NEON_H_

#include <arm_neon.h>

#include <cstdint>

namespace {

using F32 = float32x4_t;
constexpr int64_t kLanes = 4;

inline F32 Load(const float* p) { return vld1q_f32(p); }
inline F32 LoadFirst(const float* p, int64_t count) {
  float lanes[4] = {0, 0, 0, 0};
  for (int64_t i = 0; i < count; i++) lanes[i] = p[i];
  return vld1q_f32(lanes);
}
inline void Store(float* p, F32 x) { vst1q_f32(p, x); }
inline void StoreFirst(float* p, F32 x, int64_t count) {
  float lanes[4];
  vst1q_f32(lanes, x);
  for (int64_t i = 0; i < count; i++) p[i] = lanes[i];
}
inline F32 Set(float x) { return vdupq_n_f32(x); }
inline F32 MulAdd(F32 a, F32 b, F32 c) { return vfmaq_f32(c, a, b); }
inline F32 Add(F32 a, F32 b) { return vaddq_f32(a, b); }
// Of two numbers the smaller (larger) one; b where one is NaN.
inline F32 Min(F32 a, F32 b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
inline F32 Max(F32 a, F32 b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }

}  // namespace

#endif  // QK_KERNELS_SIMD_F32X4_NEON_H_
