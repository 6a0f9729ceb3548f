// Four floats in a NEON register, for kernels written once over lanes. Internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_SIMD_LANES_NEON_H_
#define QK_KERNELS_SIMD_LANES_NEON_H_

#include <arm_neon.h>

#include <cstdint>

namespace {

struct Lanes {
  using F32 = float32x4_t;
  using Mask = uint32x4_t;
  static constexpr int64_t kWidth = 4;

  static F32 Load(const float* p) { return vld1q_f32(p); }
  // The first `count` lanes; 0 in the others. Touches no memory beyond.
  static F32 LoadFirst(const float* p, int64_t count) {
    float lanes[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < count; i++) lanes[i] = p[i];
    return vld1q_f32(lanes);
  }
  static void Store(float* p, F32 a) { vst1q_f32(p, a); }
  static void StoreFirst(float* p, F32 a, int64_t count) {
    float lanes[4];
    vst1q_f32(lanes, a);
    for (int64_t i = 0; i < count; i++) p[i] = lanes[i];
  }
  // The first `count` lanes of a, zeros in the others.
  static F32 KeepFirst(F32 a, int64_t count) {
    float lanes[4] = {0, 0, 0, 0};
    StoreFirst(lanes, a, count);
    return vld1q_f32(lanes);
  }
  static F32 Set(float a) { return vdupq_n_f32(a); }

  static F32 Add(F32 a, F32 b) { return vaddq_f32(a, b); }
  static F32 Sub(F32 a, F32 b) { return vsubq_f32(a, b); }
  static F32 Mul(F32 a, F32 b) { return vmulq_f32(a, b); }
  static F32 Div(F32 a, F32 b) { return vdivq_f32(a, b); }
  static F32 MulAdd(F32 a, F32 b, F32 c) { return vfmaq_f32(c, a, b); }
  // b where one of them is NaN.
  static F32 Min(F32 a, F32 b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static F32 Max(F32 a, F32 b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static F32 Abs(F32 a) { return vabsq_f32(a); }
  static F32 RoundHalfEven(F32 a) { return vrndnq_f32(a); }
  static F32 Floor(F32 a) { return vrndmq_f32(a); }
  // a·2^n for whole n within [-126, 127].
  static F32 ScaleByPowerOfTwo(F32 a, F32 n) {
    const int32x4_t biased_i32x4 = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
    return vmulq_f32(a, vreinterpretq_f32_s32(vshlq_n_s32(biased_i32x4, 23)));
  }

  static Mask Less(F32 a, F32 b) { return vcltq_f32(a, b); }
  static Mask LessEqual(F32 a, F32 b) { return vcleq_f32(a, b); }
  static Mask And(Mask a, Mask b) { return vandq_u32(a, b); }
  // a where the mask is set, else b.
  static F32 Select(Mask mask, F32 a, F32 b) { return vbslq_f32(mask, a, b); }

  // Codes: whole numbers of the type, as floats. Only `count` of them are touched in memory.
  template <class T>
  static F32 LoadCodes(const T* p, int64_t count) {
    int32_t codes[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < kWidth && i < count; i++) codes[i] = p[i];
    return vcvtq_f32_s32(vld1q_s32(codes));
  }
  template <class T>
  static void StoreCodes(T* p, F32 a, int64_t count) {
    int32_t codes[4];
    vst1q_s32(codes, vcvtnq_s32_f32(a));
    for (int64_t i = 0; i < kWidth && i < count; i++) p[i] = static_cast<T>(codes[i]);
  }

  // Four sums in float64.
  struct Sum {
    float64x2_t low, high;
  };
  static Sum Zero() { return {vdupq_n_f64(0), vdupq_n_f64(0)}; }
  static void AddTo(Sum* sum, F32 a) {
    sum->low = vaddq_f64(sum->low, vcvt_f64_f32(vget_low_f32(a)));
    sum->high = vaddq_f64(sum->high, vcvt_high_f64_f32(a));
  }
  static void AddSquareTo(Sum* sum, F32 a) {
    const float64x2_t low = vcvt_f64_f32(vget_low_f32(a)), high = vcvt_high_f64_f32(a);
    sum->low = vfmaq_f64(sum->low, low, low);
    sum->high = vfmaq_f64(sum->high, high, high);
  }
  static void Spread(const Sum& sum, double* lanes) {
    vst1q_f64(lanes, sum.low);
    vst1q_f64(lanes + 2, sum.high);
  }
};

}  // namespace

#endif  // QK_KERNELS_SIMD_LANES_NEON_H_
