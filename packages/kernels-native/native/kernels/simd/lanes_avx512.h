// Sixteen floats in an AVX-512 register, for kernels written once over lanes. Internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_SIMD_LANES_AVX512_H_
#define QK_KERNELS_SIMD_LANES_AVX512_H_

#include <immintrin.h>

#include <cstdint>

namespace {

struct Lanes {
  using F32 = __m512;
  using Mask = __mmask16;
  static constexpr int64_t kWidth = 16;

  static Mask First(int64_t count) { return static_cast<Mask>((1u << count) - 1u); }
  static F32 Load(const float* p) { return _mm512_loadu_ps(p); }
  // The first `count` lanes; 0 in the others. Touches no memory beyond.
  static F32 LoadFirst(const float* p, int64_t count) { return _mm512_maskz_loadu_ps(First(count), p); }
  static void Store(float* p, F32 a) { _mm512_storeu_ps(p, a); }
  static void StoreFirst(float* p, F32 a, int64_t count) { _mm512_mask_storeu_ps(p, First(count), a); }
  // The first `count` lanes of a, zeros in the others.
  static F32 KeepFirst(F32 a, int64_t count) { return _mm512_maskz_mov_ps(First(count), a); }
  static F32 Set(float a) { return _mm512_set1_ps(a); }

  static F32 Add(F32 a, F32 b) { return _mm512_add_ps(a, b); }
  static F32 Sub(F32 a, F32 b) { return _mm512_sub_ps(a, b); }
  static F32 Mul(F32 a, F32 b) { return _mm512_mul_ps(a, b); }
  static F32 Div(F32 a, F32 b) { return _mm512_div_ps(a, b); }
  static F32 MulAdd(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }
  // b where one of them is NaN.
  static F32 Min(F32 a, F32 b) { return _mm512_min_ps(a, b); }
  static F32 Max(F32 a, F32 b) { return _mm512_max_ps(a, b); }
  static F32 Abs(F32 a) { return _mm512_abs_ps(a); }
  static F32 RoundHalfEven(F32 a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static F32 Floor(F32 a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  // a·2^n for whole n.
  static F32 ScaleByPowerOfTwo(F32 a, F32 n) { return _mm512_scalef_ps(a, n); }

  static Mask Less(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static Mask LessEqual(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
  static Mask And(Mask a, Mask b) { return static_cast<Mask>(a & b); }
  // a where the mask is set, else b.
  static F32 Select(Mask mask, F32 a, F32 b) { return _mm512_mask_blend_ps(mask, b, a); }

  // Codes: whole numbers of the type, as floats. Only `count` of them are touched in memory.
  static F32 LoadCodes(const int8_t* p, int64_t count) {
    const __m128i codes =
        count >= kWidth ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)) : _mm_maskz_loadu_epi8(First(count), p);
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes));
  }
  static F32 LoadCodes(const uint8_t* p, int64_t count) {
    const __m128i codes =
        count >= kWidth ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)) : _mm_maskz_loadu_epi8(First(count), p);
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(codes));
  }
  static F32 LoadCodes(const int16_t* p, int64_t count) {
    const __m256i codes =
        count >= kWidth ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)) : _mm256_maskz_loadu_epi16(First(count), p);
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(codes));
  }
  static F32 LoadCodes(const uint16_t* p, int64_t count) {
    const __m256i codes =
        count >= kWidth ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)) : _mm256_maskz_loadu_epi16(First(count), p);
    return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(codes));
  }
  // Accumulators, rounded to float.
  static F32 LoadCodes(const int32_t* p, int64_t count) {
    return _mm512_cvtepi32_ps(count >= kWidth ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi32(First(count), p));
  }
  static void StoreCodes(int8_t* p, F32 a, int64_t count) { StoreBytes(p, a, count); }
  static void StoreCodes(uint8_t* p, F32 a, int64_t count) { StoreBytes(p, a, count); }
  static void StoreCodes(int16_t* p, F32 a, int64_t count) { StoreWords(p, a, count); }
  static void StoreCodes(uint16_t* p, F32 a, int64_t count) { StoreWords(p, a, count); }
  static void StoreBytes(void* p, F32 a, int64_t count) {
    const __m128i codes_8x16 = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a));
    if (count >= kWidth) {
      _mm_storeu_si128(static_cast<__m128i*>(p), codes_8x16);
    } else {
      _mm_mask_storeu_epi8(p, First(count), codes_8x16);
    }
  }
  static void StoreWords(void* p, F32 a, int64_t count) {
    const __m256i codes_16x16 = _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(a));
    if (count >= kWidth) {
      _mm256_storeu_si256(static_cast<__m256i*>(p), codes_16x16);
    } else {
      _mm256_mask_storeu_epi16(p, First(count), codes_16x16);
    }
  }

  // Sixteen sums in float64.
  struct Sum {
    __m512d low, high;
  };
  static Sum Zero() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
  static void AddTo(Sum* sum, F32 a) {
    sum->low = _mm512_add_pd(sum->low, _mm512_cvtps_pd(_mm512_castps512_ps256(a)));
    sum->high = _mm512_add_pd(sum->high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)));
  }
  static void AddSquareTo(Sum* sum, F32 a) {
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(a)), high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
    sum->low = _mm512_fmadd_pd(low, low, sum->low);
    sum->high = _mm512_fmadd_pd(high, high, sum->high);
  }
  static void Spread(const Sum& sum, double* lanes) {
    _mm512_storeu_pd(lanes, sum.low);
    _mm512_storeu_pd(lanes + 8, sum.high);
  }
};

}  // namespace

#endif  // QK_KERNELS_SIMD_LANES_AVX512_H_
