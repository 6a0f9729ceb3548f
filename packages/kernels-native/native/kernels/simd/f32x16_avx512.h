// Sixteen floats in an AVX-512 register. Everything here has internal linkage: each kernel file owns its copy.
//
// F32: kLanes floats. I32: as many 32-bit integers. Mask: one truth value per lane.
#ifndef QK_KERNELS_SIMD_F32X16_AVX512_H_
#define QK_KERNELS_SIMD_F32X16_AVX512_H_

#include <immintrin.h>

#include <cstdint>

namespace {

using F32 = __m512;
using I32 = __m512i;
using Mask = __mmask16;
constexpr int64_t kLanes = 16;

inline Mask FirstLanes(int64_t count) { return static_cast<Mask>((1u << count) - 1u); }
inline F32 Load(const float* p) { return _mm512_loadu_ps(p); }
inline F32 LoadFirst(const float* p, int64_t count) { return _mm512_maskz_loadu_ps(FirstLanes(count), p); }
inline void Store(float* p, F32 x) { _mm512_storeu_ps(p, x); }
inline void StoreFirst(float* p, F32 x, int64_t count) { _mm512_mask_storeu_ps(p, FirstLanes(count), x); }
inline F32 Set(float x) { return _mm512_set1_ps(x); }

// a * b + c and c - a * b, rounded once.
inline F32 MulAdd(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }
inline F32 NegativeMulAdd(F32 a, F32 b, F32 c) { return _mm512_fnmadd_ps(a, b, c); }
inline F32 Add(F32 a, F32 b) { return _mm512_add_ps(a, b); }
inline F32 Sub(F32 a, F32 b) { return _mm512_sub_ps(a, b); }
inline F32 Mul(F32 a, F32 b) { return _mm512_mul_ps(a, b); }
inline F32 Div(F32 a, F32 b) { return _mm512_div_ps(a, b); }
inline F32 Sqrt(F32 x) { return _mm512_sqrt_ps(x); }
inline F32 Abs(F32 x) { return _mm512_abs_ps(x); }
inline F32 Floor(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
inline F32 Ceil(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
inline F32 RoundHalfEven(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// Of two numbers the smaller (larger) one; b where one is NaN.
inline F32 Min(F32 a, F32 b) { return _mm512_min_ps(a, b); }
inline F32 Max(F32 a, F32 b) { return _mm512_max_ps(a, b); }

inline Mask Less(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
inline Mask LessEqual(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
inline Mask Equal(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
inline Mask IsNan(F32 x) { return _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q); }
inline Mask Both(Mask a, Mask b) { return static_cast<Mask>(a & b); }
inline Mask Not(Mask a) { return static_cast<Mask>(~a); }
// mask ? yes : no
inline F32 Select(Mask mask, F32 yes, F32 no) { return _mm512_mask_blend_ps(mask, no, yes); }
// One byte per lane, 1 or 0.
inline void StoreBytes(uint8_t* p, Mask mask) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(mask, 1)); }
// Which of the next kLanes bytes are not 0.
inline Mask LoadBytes(const uint8_t* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm_test_epi8_mask(bytes, bytes);
}

inline I32 ToBits(F32 x) { return _mm512_castps_si512(x); }
inline F32 FromBits(I32 x) { return _mm512_castsi512_ps(x); }
inline I32 SetI32(int32_t x) { return _mm512_set1_epi32(x); }
inline I32 AddI32(I32 a, I32 b) { return _mm512_add_epi32(a, b); }
inline I32 SubI32(I32 a, I32 b) { return _mm512_sub_epi32(a, b); }
inline I32 AndI32(I32 a, I32 b) { return _mm512_and_si512(a, b); }
inline I32 OrI32(I32 a, I32 b) { return _mm512_or_si512(a, b); }
template <int kBits>
inline I32 ShiftLeft(I32 x) {
  return _mm512_slli_epi32(x, kBits);
}
template <int kBits>
inline I32 ShiftRight(I32 x) {
  return _mm512_srai_epi32(x, kBits);
}
inline F32 ToF32(I32 x) { return _mm512_cvtepi32_ps(x); }
inline I32 ToI32(F32 x) { return _mm512_cvtps_epi32(x); }
inline float SumLanes(F32 x) { return _mm512_reduce_add_ps(x); }

}  // namespace

#endif  // QK_KERNELS_SIMD_F32X16_AVX512_H_
