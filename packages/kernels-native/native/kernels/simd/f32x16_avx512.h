// Sixteen floats in an AVX-512 register. Everything here has internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_SIMD_F32X16_AVX512_H_
#define QK_KERNELS_SIMD_F32X16_AVX512_H_

#include <immintrin.h>

#include <cstdint>

namespace {

using F32 = __m512;
constexpr int64_t kLanes = 16;

inline __mmask16 FirstLanes(int64_t count) { return static_cast<__mmask16>((1u << count) - 1u); }
inline F32 Load(const float* p) { return _mm512_loadu_ps(p); }
inline F32 LoadFirst(const float* p, int64_t count) { return _mm512_maskz_loadu_ps(FirstLanes(count), p); }
inline void Store(float* p, F32 x) { _mm512_storeu_ps(p, x); }
inline void StoreFirst(float* p, F32 x, int64_t count) { _mm512_mask_storeu_ps(p, FirstLanes(count), x); }
inline F32 Set(float x) { return _mm512_set1_ps(x); }
inline F32 MulAdd(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }
inline F32 Add(F32 a, F32 b) { return _mm512_add_ps(a, b); }
// Of two numbers the smaller (larger) one; b where one is NaN.
inline F32 Min(F32 a, F32 b) { return _mm512_min_ps(a, b); }
inline F32 Max(F32 a, F32 b) { return _mm512_max_ps(a, b); }

}  // namespace

#endif  // QK_KERNELS_SIMD_F32X16_AVX512_H_
