// elementwise_i8__avx2: 8 codes per step, widened to 32 bits; the last ones go through a buffer.
// Exactness: the same float32 operations as scalar, so the same codes.
#include <immintrin.h>

#include "qk/elementwise_i8.h"

namespace {

using qk::ElementwiseI8;

inline __m256i Difference(uint64_t codes, uint8_t flip, int32_t zero) {
  const uint64_t flipped = codes ^ (flip * uint64_t{0x0101010101010101});
  const __m256i wide = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(flipped)));
  return _mm256_sub_epi32(wide, _mm256_set1_epi32(zero));
}

inline __m256 Add(const ElementwiseI8& p, uint64_t a, uint64_t b) {
  const __m256 left = _mm256_mul_ps(_mm256_set1_ps(p.ratio_a), _mm256_cvtepi32_ps(Difference(a, p.flip_a, p.zero_a)));
  const __m256 right = _mm256_mul_ps(_mm256_set1_ps(p.ratio_b), _mm256_cvtepi32_ps(Difference(b, p.flip_b, p.zero_b)));
  return _mm256_add_ps(left, right);
}

inline __m256 Mul(const ElementwiseI8& p, uint64_t a, uint64_t b) {
  const __m256i product = _mm256_mullo_epi32(Difference(a, p.flip_a, p.zero_a), Difference(b, p.flip_b, p.zero_b));
  return _mm256_mul_ps(_mm256_cvtepi32_ps(product), _mm256_set1_ps(p.ratio_a));
}

inline uint64_t Codes(const ElementwiseI8& p, __m256 real) {
  const __m256 low = _mm256_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  const __m256 high = _mm256_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  real = _mm256_min_ps(_mm256_max_ps(real, low), high);
  const __m256i code = _mm256_add_epi32(_mm256_cvtps_epi32(real), _mm256_set1_epi32(p.zero_point));
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
  const uint64_t bytes = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(words, words)));
  return bytes ^ (p.flip_out * uint64_t{0x0101010101010101});
}

template <__m256 (*kReal)(const ElementwiseI8&, uint64_t, uint64_t)>
void Run(const ElementwiseI8& call) {
  const ElementwiseI8 p = call;
  for (int64_t i = 0; i < p.count; i += 8) {
    const size_t count = static_cast<size_t>(p.count - i < 8 ? p.count - i : 8);
    uint64_t a = 0;
    uint64_t b = 0;
    if (count == 8) {
      __builtin_memcpy(&a, p.a + i, 8);
      __builtin_memcpy(&b, p.b + i, 8);
      const uint64_t codes = Codes(p, kReal(p, a, b));
      __builtin_memcpy(p.out + i, &codes, 8);
      continue;
    }
    __builtin_memcpy(&a, p.a + i, count);
    __builtin_memcpy(&b, p.b + i, count);
    const uint64_t codes = Codes(p, kReal(p, a, b));
    __builtin_memcpy(p.out + i, &codes, count);
  }
}

}  // namespace

extern "C" void qk_elementwise_i8_add__avx2(const ElementwiseI8& p) { Run<Add>(p); }
extern "C" void qk_elementwise_i8_mul__avx2(const ElementwiseI8& p) { Run<Mul>(p); }
