// gemm_b1__avx2: 4 outputs per register in 64-bit lanes; popcounts by a table of 16 nibbles (vpshufb), summed per lane by vpsadbw.
// Exactness: integer, bit-identical to scalar.
#include <immintrin.h>

#include "qk/gemm_b1.h"

namespace {

using qk::GemmB1Output;
using qk::GemmB1Panel;

inline __m256i PopCount(__m256i x) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2,
                                         3, 3, 4);
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, nibble));
  const __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
  return _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}

void Store(const GemmB1Panel& p, const int32_t* acc, int64_t row, int64_t column) {
  const int64_t columns = p.columns - column < 8 ? p.columns - column : 8;
  if (p.output == GemmB1Output::kBits) {
    unsigned bits = 0;
    for (int64_t j = 0; j < columns; j++) bits |= (acc[j] >= p.threshold[column + j] ? 1u : 0u) << j;
    const unsigned inverts = p.inverts[column / 8] & ((1u << columns) - 1);
    static_cast<uint8_t*>(p.out)[row * p.out_stride + column / 8] = static_cast<uint8_t>(bits ^ inverts);
    return;
  }
  for (int64_t j = 0; j < columns; j++) {
    const int64_t at = row * p.out_stride + column + j;
    if (p.output == GemmB1Output::kI32) {
      static_cast<int32_t*>(p.out)[at] = acc[j];
    } else {
      const float real = static_cast<float>(acc[j]) * p.scale[column + j];
      static_cast<float*>(p.out)[at] = p.offset == nullptr ? real : real + p.offset[column + j];
    }
  }
}

// Eight outputs of kRows rows.
template <int kRows, bool kTernary>
[[gnu::noinline]] void Tile(const GemmB1Panel& p, int64_t row, int64_t column) {
  const int64_t width = 8 * p.vectors;
  const int64_t step = kTernary ? 2 * width : width;
  __m256i acc[kRows][2];
  for (int r = 0; r < kRows; r++) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  const uint64_t* w = p.weights + column;
  for (int64_t t = 0; t < p.taps; t++) {
    for (int64_t d = 0; d < p.depth; d++, w += step) {
      for (int v = 0; v < 2; v++) {
        const __m256i sign = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 4 * v));
#pragma GCC unroll 4
        for (int r = 0; r < kRows; r++) {
          const uint64_t word = p.rows[row + r][p.tap_offsets[t] + d];
          __m256i differing = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<int64_t>(word)), sign);
          if constexpr (kTernary) {
            const __m256i mask = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + width + 4 * v));
            differing = _mm256_and_si256(differing, mask);
          }
          acc[r][v] = _mm256_add_epi64(acc[r][v], PopCount(differing));
        }
      }
    }
  }
  for (int r = 0; r < kRows; r++) {
    alignas(32) int64_t differing[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(differing), acc[r][0]);
    _mm256_store_si256(reinterpret_cast<__m256i*>(differing + 4), acc[r][1]);
    int32_t values[8];
    for (int64_t j = 0; j < 8; j++) {
      values[j] = p.initial[row + r][column + j] - 2 * static_cast<int32_t>(differing[j]);
    }
    Store(p, values, row + r, column);
  }
}

template <bool kTernary>
void Run(const GemmB1Panel& p) {
  for (int64_t column = 0; column < p.columns; column += 8) {
    int64_t row = 0;
    for (; row + 4 <= p.row_count; row += 4) Tile<4, kTernary>(p, row, column);
    for (; row < p.row_count; row++) Tile<1, kTernary>(p, row, column);
  }
}

}  // namespace

extern "C" void qk_gemm_b1__avx2(const GemmB1Panel& p) { p.is_ternary ? Run<true>(p) : Run<false>(p); }

extern "C" void qk_pack_signs__avx2(const qk::PackSigns& run) {
  for (int64_t i = 0; i < run.count; i += 64) {
    const int64_t count = run.count - i < 64 ? run.count - i : 64;
    uint64_t word = 0;
    int64_t j = 0;
    for (; j + 8 <= count; j += 8) {
      const __m256 at_least_0 = _mm256_cmp_ps(_mm256_loadu_ps(run.x + i + j), _mm256_setzero_ps(), _CMP_GE_OQ);
      word |= static_cast<uint64_t>(_mm256_movemask_ps(at_least_0)) << j;
    }
    for (; j < count; j++) word |= static_cast<uint64_t>(run.x[i + j] >= 0 ? 1 : 0) << j;
    run.words[i / 64] = word;
  }
}
