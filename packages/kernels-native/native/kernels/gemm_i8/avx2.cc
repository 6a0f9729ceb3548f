// gemm_i8__avx2: products in 16 bits, since vpmaddubsw would saturate. Tile: 4 rows x 8 columns; a step is 4 bytes of depth.
// b: vpmovsxbw of 4 columns x 4 bytes, shared by the rows; a: 4 bytes widened and broadcast as 64 bits.
// An accumulator register holds 4 columns x 2 partial sums, added at the end.
// Exactness: integer, bit-identical to scalar: |a*b| pairs are at most 2*255*128 < 2^31.
#include <immintrin.h>

#include "qk/gemm_i8.h"

namespace {

using qk::GemmI8Output;
using qk::GemmI8Panel;

constexpr int kRowsPerTile = 4;

// Four bytes of a, sign bits flipped where asked, as 4 x i16 in every 64-bit lane.
inline __m256i Widen(uint32_t word, uint32_t flip) {
  const __m128i bytes = _mm_cvtsi32_si128(static_cast<int32_t>(word ^ flip));
  return _mm256_broadcastq_epi64(_mm_cvtepu8_epi16(bytes));
}

inline uint32_t LoadWord(const uint8_t* a, int64_t count) {
  uint32_t word = 0;
  if (count >= 4) {
    __builtin_memcpy(&word, a, 4);
  } else {
    for (int64_t i = 0; i < count; i++) word |= static_cast<uint32_t>(a[i]) << (8 * i);
  }
  return word;
}

void Store(const GemmI8Panel& p, __m256i acc, int64_t row, int64_t column) {
  const int64_t columns = p.columns - column < 8 ? p.columns - column : 8;
  const int64_t at = row * p.out_stride + column;
  alignas(32) int32_t values[8];
  __m256i bits = acc;
  if (p.output != GemmI8Output::kI32) {
    __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(p.multiplier + column));
    if (p.output == GemmI8Output::kF32) {
      if (p.addend != nullptr) real = _mm256_add_ps(real, _mm256_loadu_ps(p.addend + column));
      bits = _mm256_castps_si256(real);
    } else {
      const __m256 low = _mm256_set1_ps(static_cast<float>(p.qmin - p.zero_point));
      const __m256 high = _mm256_set1_ps(static_cast<float>(p.qmax - p.zero_point));
      real = _mm256_min_ps(_mm256_max_ps(real, low), high);
      bits = _mm256_add_epi32(_mm256_cvtps_epi32(real), _mm256_set1_epi32(p.zero_point));
    }
  }
  _mm256_store_si256(reinterpret_cast<__m256i*>(values), bits);
  if (p.output == GemmI8Output::kCodes) {
    uint8_t* out = static_cast<uint8_t*>(p.out) + at;
    for (int64_t j = 0; j < columns; j++) out[j] = static_cast<uint8_t>(values[j]);
    return;
  }
  int32_t* out = static_cast<int32_t*>(p.out) + at;  // float bits where the output is float
  for (int64_t j = 0; j < columns; j++) out[j] = values[j];
}

template <int kRows>
[[gnu::noinline]] void Tile(const GemmI8Panel& p, int64_t row, int64_t column) {
  __m256i acc[kRows][2];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  const int8_t* b = p.b + 4 * column;
  const int64_t step = 64 * p.vectors;
  const uint8_t* rows[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++) rows[r] = p.rows[row + r];
  for (int64_t t = 0; t < p.taps; t++) {
    const int64_t begin = p.tap_offsets[t];
    for (int64_t d = 0; d < p.depth; d += 4, b += step) {
      const __m256i b_lo_i16x16 = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
      const __m256i b_hi_i16x16 = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + 16)));
#pragma GCC unroll 4
      for (int r = 0; r < kRows; r++) {
        const __m256i a_i16x16 = Widen(LoadWord(rows[r] + begin + d, p.depth - d), p.flip);
        acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(a_i16x16, b_lo_i16x16));
        acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(a_i16x16, b_hi_i16x16));
      }
    }
  }
  const __m256i initial = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.initial + column));
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++) {
    // vphaddd interleaves the two registers per 128-bit lane: columns 0 1 4 5 2 3 6 7.
    const __m256i paired = _mm256_hadd_epi32(acc[r][0], acc[r][1]);
    __m256i sum = _mm256_add_epi32(_mm256_permute4x64_epi64(paired, 0xD8), initial);
    if (p.row_sums != nullptr) {
      const __m256i zero = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.b_zero + column));
      sum = _mm256_sub_epi32(sum, _mm256_mullo_epi32(_mm256_set1_epi32(p.row_sums[row + r]), zero));
    }
    Store(p, sum, row + r, column);
  }
}

}  // namespace

extern "C" void qk_gemm_i8__avx2(const GemmI8Panel& p) {
  for (int64_t column = 0; column < p.columns; column += 8) {
    int64_t row = 0;
    for (; row + kRowsPerTile <= p.row_count; row += kRowsPerTile) Tile<kRowsPerTile>(p, row, column);
    for (; row < p.row_count; row++) Tile<1>(p, row, column);
  }
}
