// Eight floats in an AVX2 register, for kernels written once over lanes. Internal linkage: each kernel file owns its copy.
#ifndef QK_KERNELS_SIMD_LANES_AVX2_H_
#define QK_KERNELS_SIMD_LANES_AVX2_H_

#include <immintrin.h>

#include <cstdint>

namespace {

struct Lanes {
  using F32 = __m256;
  using Mask = __m256;
  static constexpr int64_t kWidth = 8;

  static __m256i First(int64_t count) {
    const __m256i index_i32x8 = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), index_i32x8);
  }
  static F32 Load(const float* p) { return _mm256_loadu_ps(p); }
  // The first `count` lanes; 0 in the others. Touches no memory beyond.
  static F32 LoadFirst(const float* p, int64_t count) { return _mm256_maskload_ps(p, First(count)); }
  static void Store(float* p, F32 a) { _mm256_storeu_ps(p, a); }
  static void StoreFirst(float* p, F32 a, int64_t count) { _mm256_maskstore_ps(p, First(count), a); }
  // The first `count` lanes of a, zeros in the others.
  static F32 KeepFirst(F32 a, int64_t count) { return _mm256_and_ps(a, _mm256_castsi256_ps(First(count))); }
  static F32 Set(float a) { return _mm256_set1_ps(a); }

  static F32 Add(F32 a, F32 b) { return _mm256_add_ps(a, b); }
  static F32 Sub(F32 a, F32 b) { return _mm256_sub_ps(a, b); }
  static F32 Mul(F32 a, F32 b) { return _mm256_mul_ps(a, b); }
  static F32 Div(F32 a, F32 b) { return _mm256_div_ps(a, b); }
  static F32 MulAdd(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }
  // b where one of them is NaN.
  static F32 Min(F32 a, F32 b) { return _mm256_min_ps(a, b); }
  static F32 Max(F32 a, F32 b) { return _mm256_max_ps(a, b); }
  static F32 Abs(F32 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  static F32 RoundHalfEven(F32 a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static F32 Floor(F32 a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  // a·2^n for whole n within [-126, 127].
  static F32 ScaleByPowerOfTwo(F32 a, F32 n) {
    const __m256i biased_i32x8 = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(biased_i32x8, 23)));
  }

  static Mask Less(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  static Mask LessEqual(F32 a, F32 b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
  static Mask And(Mask a, Mask b) { return _mm256_and_ps(a, b); }
  // a where the mask is set, else b.
  static F32 Select(Mask mask, F32 a, F32 b) { return _mm256_blendv_ps(b, a, mask); }

  // The first `count` elements at p, zeros after them.
  template <class T>
  static __m128i LoadPart(const T* p, int64_t count) {
    T codes[16 / sizeof(T)] = {};
    for (int64_t i = 0; i < count; i++) codes[i] = p[i];
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
  }
  template <class T>
  static void StorePart(T* p, __m128i packed, int64_t count) {
    T codes[16 / sizeof(T)];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), packed);
    for (int64_t i = 0; i < count; i++) p[i] = codes[i];
  }
  // Codes: whole numbers of the type, as floats. Only `count` of them are touched in memory.
  static F32 LoadCodes(const int8_t* p, int64_t count) {
    const __m128i codes = count >= kWidth ? _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)) : LoadPart(p, count);
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes));
  }
  static F32 LoadCodes(const uint8_t* p, int64_t count) {
    const __m128i codes = count >= kWidth ? _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)) : LoadPart(p, count);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(codes));
  }
  static F32 LoadCodes(const int16_t* p, int64_t count) {
    const __m128i codes = count >= kWidth ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)) : LoadPart(p, count);
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(codes));
  }
  static F32 LoadCodes(const uint16_t* p, int64_t count) {
    const __m128i codes = count >= kWidth ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)) : LoadPart(p, count);
    return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(codes));
  }
  // Accumulators, rounded to float.
  static F32 LoadCodes(const int32_t* p, int64_t count) {
    return _mm256_cvtepi32_ps(count >= kWidth ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))
                                              : _mm256_maskload_epi32(p, First(count)));
  }
  // Eight signed words; or unsigned ones, with the other packing.
  static __m128i SignedWords(F32 a) {
    const __m256i codes_i32x8 = _mm256_cvtps_epi32(a);
    return _mm_packs_epi32(_mm256_castsi256_si128(codes_i32x8), _mm256_extracti128_si256(codes_i32x8, 1));
  }
  static __m128i UnsignedWords(F32 a) {
    const __m256i codes_i32x8 = _mm256_cvtps_epi32(a);
    return _mm_packus_epi32(_mm256_castsi256_si128(codes_i32x8), _mm256_extracti128_si256(codes_i32x8, 1));
  }
  template <class T>
  static void StoreLow(T* p, __m128i packed, int64_t count) {
    if (count < kWidth) {
      StorePart(p, packed, count);
    } else if (sizeof(T) == 1) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(p), packed);
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
    }
  }
  static void StoreCodes(int8_t* p, F32 a, int64_t count) {
    const __m128i words_i16x8 = SignedWords(a);
    StoreLow(p, _mm_packs_epi16(words_i16x8, words_i16x8), count);
  }
  static void StoreCodes(uint8_t* p, F32 a, int64_t count) {
    const __m128i words_i16x8 = SignedWords(a);
    StoreLow(p, _mm_packus_epi16(words_i16x8, words_i16x8), count);
  }
  static void StoreCodes(int16_t* p, F32 a, int64_t count) { StoreLow(p, SignedWords(a), count); }
  static void StoreCodes(uint16_t* p, F32 a, int64_t count) { StoreLow(p, UnsignedWords(a), count); }

  // Eight sums in float64.
  struct Sum {
    __m256d low, high;
  };
  static Sum Zero() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
  static void AddTo(Sum* sum, F32 a) {
    sum->low = _mm256_add_pd(sum->low, _mm256_cvtps_pd(_mm256_castps256_ps128(a)));
    sum->high = _mm256_add_pd(sum->high, _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)));
  }
  static void AddSquareTo(Sum* sum, F32 a) {
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(a)), high = _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
    sum->low = _mm256_fmadd_pd(low, low, sum->low);
    sum->high = _mm256_fmadd_pd(high, high, sum->high);
  }
  static void Spread(const Sum& sum, double* lanes) {
    _mm256_storeu_pd(lanes, sum.low);
    _mm256_storeu_pd(lanes + 4, sum.high);
  }
};

}  // namespace

#endif  // QK_KERNELS_SIMD_LANES_AVX2_H_
