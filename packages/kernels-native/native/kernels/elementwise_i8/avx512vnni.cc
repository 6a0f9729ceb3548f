// elementwise_i8__avx512vnni: 16 codes per step, widened to 32 bits; the last step is masked.
// Exactness: the same float32 operations as scalar, so the same codes.
#include <immintrin.h>

#include "qk/elementwise_i8.h"

namespace {

using qk::ElementwiseI8;

struct Constants {
  __m128i flip_a, flip_b, flip_out;
  __m512i zero_a, zero_b, zero_point;
  __m512 ratio_a, ratio_b, low, high;
};

Constants MakeConstants(const ElementwiseI8& p) {
  return {_mm_set1_epi8(static_cast<char>(p.flip_a)),
          _mm_set1_epi8(static_cast<char>(p.flip_b)),
          _mm_set1_epi8(static_cast<char>(p.flip_out)),
          _mm512_set1_epi32(p.zero_a),
          _mm512_set1_epi32(p.zero_b),
          _mm512_set1_epi32(p.zero_point),
          _mm512_set1_ps(p.ratio_a),
          _mm512_set1_ps(p.ratio_b),
          _mm512_set1_ps(static_cast<float>(p.qmin - p.zero_point)),
          _mm512_set1_ps(static_cast<float>(p.qmax - p.zero_point))};
}

inline __m512i Difference(__m128i codes, __m128i flip, __m512i zero) {
  return _mm512_sub_epi32(_mm512_cvtepu8_epi32(_mm_xor_si128(codes, flip)), zero);
}

inline __m512 Add(const Constants& c, __m128i a, __m128i b) {
  const __m512 left = _mm512_mul_ps(c.ratio_a, _mm512_cvtepi32_ps(Difference(a, c.flip_a, c.zero_a)));
  const __m512 right = _mm512_mul_ps(c.ratio_b, _mm512_cvtepi32_ps(Difference(b, c.flip_b, c.zero_b)));
  return _mm512_add_ps(left, right);
}

inline __m512 Mul(const Constants& c, __m128i a, __m128i b) {
  const __m512i product = _mm512_mullo_epi32(Difference(a, c.flip_a, c.zero_a), Difference(b, c.flip_b, c.zero_b));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(product), c.ratio_a);
}

inline __m128i Codes(const Constants& c, __m512 real) {
  real = _mm512_min_ps(_mm512_max_ps(real, c.low), c.high);
  const __m512i code = _mm512_add_epi32(_mm512_cvtps_epi32(real), c.zero_point);
  return _mm_xor_si128(_mm512_cvtepi32_epi8(code), c.flip_out);
}

template <__m512 (*kReal)(const Constants&, __m128i, __m128i)>
void Run(const ElementwiseI8& p) {
  const Constants c = MakeConstants(p);
  const uint8_t* const a = p.a;
  const uint8_t* const b = p.b;
  uint8_t* const out = p.out;
  const int64_t count = p.count;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i left = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i));
    const __m128i right = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), Codes(c, kReal(c, left, right)));
  }
  if (i == count) return;
  const __mmask16 mask = static_cast<__mmask16>((1u << (count - i)) - 1);
  const __m128i left = _mm_maskz_loadu_epi8(mask, a + i);
  const __m128i right = _mm_maskz_loadu_epi8(mask, b + i);
  _mm_mask_storeu_epi8(out + i, mask, Codes(c, kReal(c, left, right)));
}

}  // namespace

extern "C" void qk_elementwise_i8_add__avx512vnni(const ElementwiseI8& p) { Run<Add>(p); }
extern "C" void qk_elementwise_i8_mul__avx512vnni(const ElementwiseI8& p) { Run<Mul>(p); }
