// Eight floats in an AVX register. Everything here has internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_SIMD_F32X8_AVX2_H_
#define QK_KERNELS_SIMD_F32X8_AVX2_H_

#include <immintrin.h>

#include <cstdint>

namespace {

using F32 = __m256;
constexpr int64_t kLanes = 8;

// All bits set in the first `count` lanes.
inline __m256i FirstLanes(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline F32 Load(const float* p) { return _mm256_loadu_ps(p); }
inline F32 LoadFirst(const float* p, int64_t count) { return _mm256_maskload_ps(p, FirstLanes(count)); }
inline void Store(float* p, F32 x) { _mm256_storeu_ps(p, x); }
inline void StoreFirst(float* p, F32 x, int64_t count) { _mm256_maskstore_ps(p, FirstLanes(count), x); }
inline F32 Set(float x) { return _mm256_set1_ps(x); }
inline F32 MulAdd(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }
inline F32 Add(F32 a, F32 b) { return _mm256_add_ps(a, b); }
// Of two numbers the smaller (larger) one; b where one is NaN.
inline F32 Min(F32 a, F32 b) { return _mm256_min_ps(a, b); }
inline F32 Max(F32 a, F32 b) { return _mm256_max_ps(a, b); }

}  // namespace

#endif  // QK_KERNELS_SIMD_F32X8_AVX2_H_
