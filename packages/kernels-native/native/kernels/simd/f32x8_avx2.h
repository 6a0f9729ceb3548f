// Eight floats in an AVX register. Everything here has internal linkage: each kernel file owns its copy.
//
// F32: kLanes floats. I32: as many 32-bit integers. Mask: one truth value per lane.
#ifndef QK_KERNELS_SIMD_F32X8_AVX2_H_
#define QK_KERNELS_SIMD_F32X8_AVX2_H_

#include <immintrin.h>

#include <cstdint>

namespace {

using F32 = __m256;
using I32 = __m256i;
using Mask = __m256;  // all bits of a lane set or none
constexpr int64_t kLanes = 8;

inline __m256i FirstLanes(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline F32 Load(const float* p) { return _mm256_loadu_ps(p); }
inline F32 LoadFirst(const float* p, int64_t count) { return _mm256_maskload_ps(p, FirstLanes(count)); }
inline void Store(float* p, F32 x) { _mm256_storeu_ps(p, x); }
inline void StoreFirst(float* p, F32 x, int64_t count) { _mm256_maskstore_ps(p, FirstLanes(count), x); }
inline F32 Set(float x) { return _mm256_set1_ps(x); }

// a * b + c and c - a * b, rounded once.
inline F32 MulAdd(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }
inline F32 NegativeMulAdd(F32 a, F32 b, F32 c) { return _mm256_fnmadd_ps(a, b, c); }
inline F32 Add(F32 a, F32 b) { return _mm256_add_ps(a, b); }
inline F32 Sub(F32 a, F32 b) { return _mm256_sub_ps(a, b); }
inline F32 Mul(F32 a, F32 b) { return _mm256_mul_ps(a, b); }
inline F32 Div(F32 a, F32 b) { return _mm256_div_ps(a, b); }
inline F32 Sqrt(F32 x) { return _mm256_sqrt_ps(x); }
inline F32 Abs(F32 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
inline F32 Floor(F32 x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
inline F32 Ceil(F32 x) { return _mm256_round_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
inline F32 RoundHalfEven(F32 x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// Of two numbers the smaller (larger) one; b where one is NaN.
inline F32 Min(F32 a, F32 b) { return _mm256_min_ps(a, b); }
inline F32 Max(F32 a, F32 b) { return _mm256_max_ps(a, b); }

inline Mask Less(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
inline Mask LessEqual(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
inline Mask Equal(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
inline Mask IsNan(F32 x) { return _mm256_cmp_ps(x, x, _CMP_UNORD_Q); }
inline Mask Both(Mask a, Mask b) { return _mm256_and_ps(a, b); }
inline Mask Not(Mask a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
// mask ? yes : no
inline F32 Select(Mask mask, F32 yes, F32 no) { return _mm256_blendv_ps(no, yes, mask); }
// One byte per lane, 1 or 0.
inline void StoreBytes(uint8_t* p, Mask mask) {
  const __m256i words = _mm256_srli_epi32(_mm256_castps_si256(mask), 31);
  const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(halves, halves));
}
// Which of the next kLanes bytes are not 0.
inline Mask LoadBytes(const uint8_t* p) {
  const __m256i words = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_cmpgt_epi32(words, _mm256_setzero_si256()));
}

inline I32 ToBits(F32 x) { return _mm256_castps_si256(x); }
inline F32 FromBits(I32 x) { return _mm256_castsi256_ps(x); }
inline I32 SetI32(int32_t x) { return _mm256_set1_epi32(x); }
inline I32 AddI32(I32 a, I32 b) { return _mm256_add_epi32(a, b); }
inline I32 SubI32(I32 a, I32 b) { return _mm256_sub_epi32(a, b); }
inline I32 AndI32(I32 a, I32 b) { return _mm256_and_si256(a, b); }
inline I32 OrI32(I32 a, I32 b) { return _mm256_or_si256(a, b); }
template <int kBits>
inline I32 ShiftLeft(I32 x) {
  return _mm256_slli_epi32(x, kBits);
}
template <int kBits>
inline I32 ShiftRight(I32 x) {
  return _mm256_srai_epi32(x, kBits);
}
inline F32 ToF32(I32 x) { return _mm256_cvtepi32_ps(x); }
inline I32 ToI32(F32 x) { return _mm256_cvtps_epi32(x); }
inline float SumLanes(F32 x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace

#endif  // QK_KERNELS_SIMD_F32X8_AVX2_H_
