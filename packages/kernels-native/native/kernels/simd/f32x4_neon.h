// Four floats in an Advanced SIMD register. Everything here has internal linkage: each kernel file owns its copy.
//
// F32: kLanes floats. I32: as many 32-bit integers. Mask: one truth value per lane.
#ifndef QK_KERNELS_SIMD_F32X4_NEON_H_
#define QK_KERNELS_SIMD_F32X4_NEON_H_

#include <arm_neon.h>

#include <cstdint>

namespace {

using F32 = float32x4_t;
using I32 = int32x4_t;
using Mask = uint32x4_t;  // all bits of a lane set or none
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

// a * b + c and c - a * b, rounded once.
inline F32 MulAdd(F32 a, F32 b, F32 c) { return vfmaq_f32(c, a, b); }
inline F32 NegativeMulAdd(F32 a, F32 b, F32 c) { return vfmsq_f32(c, a, b); }
inline F32 Add(F32 a, F32 b) { return vaddq_f32(a, b); }
inline F32 Sub(F32 a, F32 b) { return vsubq_f32(a, b); }
inline F32 Mul(F32 a, F32 b) { return vmulq_f32(a, b); }
inline F32 Div(F32 a, F32 b) { return vdivq_f32(a, b); }
inline F32 Sqrt(F32 x) { return vsqrtq_f32(x); }
inline F32 Abs(F32 x) { return vabsq_f32(x); }
inline F32 Floor(F32 x) { return vrndmq_f32(x); }
inline F32 Ceil(F32 x) { return vrndpq_f32(x); }
inline F32 RoundHalfEven(F32 x) { return vrndnq_f32(x); }
// Of two numbers the smaller (larger) one; b where one is NaN.
inline F32 Min(F32 a, F32 b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
inline F32 Max(F32 a, F32 b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }

inline Mask Less(F32 a, F32 b) { return vcltq_f32(a, b); }
inline Mask LessEqual(F32 a, F32 b) { return vcleq_f32(a, b); }
inline Mask Equal(F32 a, F32 b) { return vceqq_f32(a, b); }
inline Mask IsNan(F32 x) { return vmvnq_u32(vceqq_f32(x, x)); }
inline Mask Both(Mask a, Mask b) { return vandq_u32(a, b); }
inline Mask Not(Mask a) { return vmvnq_u32(a); }
// mask ? yes : no
inline F32 Select(Mask mask, F32 yes, F32 no) { return vbslq_f32(mask, yes, no); }
// One byte per lane, 1 or 0.
inline void StoreBytes(uint8_t* p, Mask mask) {
  uint32_t lanes[4];
  vst1q_u32(lanes, mask);
  for (int i = 0; i < 4; i++) p[i] = static_cast<uint8_t>(lanes[i] & 1u);
}
// Which of the next kLanes bytes are not 0.
inline Mask LoadBytes(const uint8_t* p) {
  const uint32_t lanes[4] = {p[0], p[1], p[2], p[3]};
  return vmvnq_u32(vceqq_u32(vld1q_u32(lanes), vdupq_n_u32(0)));
}

inline I32 ToBits(F32 x) { return vreinterpretq_s32_f32(x); }
inline F32 FromBits(I32 x) { return vreinterpretq_f32_s32(x); }
inline I32 SetI32(int32_t x) { return vdupq_n_s32(x); }
inline I32 AddI32(I32 a, I32 b) { return vaddq_s32(a, b); }
inline I32 SubI32(I32 a, I32 b) { return vsubq_s32(a, b); }
inline I32 AndI32(I32 a, I32 b) { return vandq_s32(a, b); }
inline I32 OrI32(I32 a, I32 b) { return vorrq_s32(a, b); }
template <int kBits>
inline I32 ShiftLeft(I32 x) {
  return vshlq_n_s32(x, kBits);
}
template <int kBits>
inline I32 ShiftRight(I32 x) {
  return vshrq_n_s32(x, kBits);
}
inline F32 ToF32(I32 x) { return vcvtq_f32_s32(x); }
inline I32 ToI32(F32 x) { return vcvtnq_s32_f32(x); }
inline float SumLanes(F32 x) { return vaddvq_f32(x); }

}  // namespace

#endif  // QK_KERNELS_SIMD_F32X4_NEON_H_
