// pool_i8__avx2: sums of 8 channels in 32 bits, maxima of 32 channels in bytes; the channels left over as in scalar.
// Exactness: the same codes as scalar.
#include <immintrin.h>

#include "qk/pool_i8.h"

extern "C" void qk_pool_i8_average__avx2(const qk::PoolI8Pixel& p) {
  const __m256i zeros = _mm256_set1_epi32(static_cast<int32_t>(p.tap_count) * p.zero);
  const __m256 low = _mm256_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  const __m256 high = _mm256_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  const uint64_t flip = p.flip * uint64_t{0x0101010101010101};
  const uint64_t flip_out = p.flip_out * uint64_t{0x0101010101010101};
  for (int64_t c = 0; c < p.channels; c += 8) {
    const size_t count = static_cast<size_t>(p.channels - c < 8 ? p.channels - c : 8);
    __m256i sum = _mm256_setzero_si256();
    for (int64_t t = 0; t < p.tap_count; t++) {
      uint64_t codes = 0;
      if (count == 8) {
        __builtin_memcpy(&codes, p.taps[t] + c, 8);
      } else {
        __builtin_memcpy(&codes, p.taps[t] + c, count);
      }
      sum = _mm256_add_epi32(sum, _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(codes ^ flip))));
    }
    __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(sum, zeros)), _mm256_set1_ps(p.ratio));
    real = _mm256_div_ps(real, _mm256_set1_ps(p.divisor));
    real = _mm256_min_ps(_mm256_max_ps(real, low), high);
    const __m256i code = _mm256_add_epi32(_mm256_cvtps_epi32(real), _mm256_set1_epi32(p.zero_point));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
    const uint64_t bytes = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(words, words))) ^ flip_out;
    __builtin_memcpy(p.out + c, &bytes, count);
  }
}

extern "C" void qk_pool_i8_max__avx2(const qk::PoolI8Pixel& p) {
  const __m256i flip = _mm256_set1_epi8(static_cast<char>(p.flip));
  const __m256i flip_out = _mm256_set1_epi8(static_cast<char>(p.flip_out));
  int64_t c = 0;
  for (; c + 32 <= p.channels; c += 32) {
    __m256i largest = _mm256_setzero_si256();
    for (int64_t t = 0; t < p.tap_count; t++) {
      const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.taps[t] + c));
      largest = _mm256_max_epu8(largest, _mm256_xor_si256(codes, flip));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p.out + c), _mm256_xor_si256(largest, flip_out));
  }
  for (; c < p.channels; c++) {
    int32_t largest = 0;
    for (int64_t t = 0; t < p.tap_count; t++) {
      const int32_t code = p.taps[t][c] ^ p.flip;
      if (code > largest) largest = code;
    }
    p.out[c] = static_cast<uint8_t>(largest ^ p.flip_out);
  }
}
