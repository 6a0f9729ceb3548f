// gemm_i8__avxvnni: 256-bit VNNI. Tile: 6 rows x 16 columns (12 accumulators, 2 registers of b, 1 broadcast); a panel is
// walked 16 columns at a time. One step = 4 bytes of depth: 12 vpdpbusd, 2 loads of b, 6 broadcasts of a.
// Exactness: integer, bit-identical to scalar.
#include <immintrin.h>

#include "qk/gemm_i8.h"

namespace {

using qk::GemmI8Output;
using qk::GemmI8Panel;

// Four bytes at any alignment.
inline int32_t LoadWord(const uint8_t* bytes) {
  int32_t word;
  __builtin_memcpy(&word, bytes, 4);
  return word;
}

int32_t LoadTail(const uint8_t* a, int64_t count) {
  uint32_t word = 0;
  for (int64_t i = 0; i < count; i++) word |= static_cast<uint32_t>(a[i]) << (8 * i);
  return static_cast<int32_t>(word);
}

// Sixteen accumulators of one row to the output; columns beyond the matrix are not written.
void Store(const GemmI8Panel& p, const __m256i* acc, int64_t row, int64_t column) {
  const int64_t columns = p.columns - column < 16 ? p.columns - column : 16;
  const int64_t at = row * p.out_stride + column;
  alignas(32) int32_t values[16];
  if (p.output == GemmI8Output::kCodes) {
    const __m256 low = _mm256_set1_ps(static_cast<float>(p.qmin - p.zero_point));
    const __m256 high = _mm256_set1_ps(static_cast<float>(p.qmax - p.zero_point));
    for (int v = 0; v < 2; v++) {
      __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[v]), _mm256_loadu_ps(p.multiplier + column + 8 * v));
      real = _mm256_min_ps(_mm256_max_ps(real, low), high);
      const __m256i code = _mm256_add_epi32(_mm256_cvtps_epi32(real), _mm256_set1_epi32(p.zero_point));
      _mm256_store_si256(reinterpret_cast<__m256i*>(values) + v, code);
    }
    uint8_t* out = static_cast<uint8_t*>(p.out) + at;
    for (int64_t j = 0; j < columns; j++) out[j] = static_cast<uint8_t>(values[j]);
    return;
  }
  for (int v = 0; v < 2; v++) {
    __m256i bits = acc[v];
    if (p.output == GemmI8Output::kF32) {
      __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(bits), _mm256_loadu_ps(p.multiplier + column + 8 * v));
      if (p.addend != nullptr) real = _mm256_add_ps(real, _mm256_loadu_ps(p.addend + column + 8 * v));
      bits = _mm256_castps_si256(real);
    }
    _mm256_store_si256(reinterpret_cast<__m256i*>(values) + v, bits);
  }
  int32_t* out = static_cast<int32_t*>(p.out) + at;  // float bits where the output is float
  for (int64_t j = 0; j < columns; j++) out[j] = values[j];
}

template <int kRows>
[[gnu::noinline]] void Tile(const GemmI8Panel& p, int64_t row, int64_t column) {
  __m256i acc[kRows][2];
  for (int v = 0; v < 2; v++) {
    const __m256i initial = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.initial + column + 8 * v));
#pragma GCC unroll 6
    for (int r = 0; r < kRows; r++) acc[r][v] = initial;
  }
  const __m256i flip = _mm256_set1_epi32(static_cast<int32_t>(p.flip));
  const int8_t* b = p.b + 4 * column;
  const int64_t step = 64 * p.vectors;
  const int64_t whole = p.depth & ~int64_t{3};
  const int64_t tail = p.depth & 3;
  const uint8_t* rows[kRows];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; r++) rows[r] = p.rows[row + r];
  for (int64_t t = 0; t < p.taps; t++) {
    const int64_t begin = p.tap_offsets[t];
    for (int64_t d = begin; d < begin + whole; d += 4, b += step) {
      const __m256i b_0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
      const __m256i b_1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 32));
#pragma GCC unroll 6
      for (int r = 0; r < kRows; r++) {
        const __m256i a =
            _mm256_xor_si256(_mm256_set1_epi32(LoadWord(rows[r] + d)), flip);
        acc[r][0] = _mm256_dpbusd_avx_epi32(acc[r][0], a, b_0);
        acc[r][1] = _mm256_dpbusd_avx_epi32(acc[r][1], a, b_1);
      }
    }
    if (tail != 0) {
      const __m256i b_0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
      const __m256i b_1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 32));
#pragma GCC unroll 6
      for (int r = 0; r < kRows; r++) {
        const __m256i a = _mm256_xor_si256(_mm256_set1_epi32(LoadTail(rows[r] + begin + whole, tail)), flip);
        acc[r][0] = _mm256_dpbusd_avx_epi32(acc[r][0], a, b_0);
        acc[r][1] = _mm256_dpbusd_avx_epi32(acc[r][1], a, b_1);
      }
      b += step;
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < kRows; r++) {
    if (p.row_sums != nullptr) {
      const __m256i sum = _mm256_set1_epi32(p.row_sums[row + r]);
      for (int v = 0; v < 2; v++) {
        const __m256i zero = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.b_zero + column + 8 * v));
        acc[r][v] = _mm256_sub_epi32(acc[r][v], _mm256_mullo_epi32(sum, zero));
      }
    }
    Store(p, acc[r], row + r, column);
  }
}

template <int kRows>
void TileOf(const GemmI8Panel& p, int64_t row, int64_t rows, int64_t column) {
  if (rows == kRows) {
    Tile<kRows>(p, row, column);
  } else if constexpr (kRows > 1) {
    TileOf<kRows - 1>(p, row, rows, column);
  }
}

}  // namespace

extern "C" void qk_gemm_i8__avxvnni(const GemmI8Panel& p) {
  const int64_t tiles = (p.row_count + 5) / 6;
  for (int64_t column = 0; column < p.columns; column += 16) {
    int64_t row = 0;
    for (int64_t t = 0; t < tiles; t++) {
      const int64_t rows = (p.row_count - row + (tiles - t) - 1) / (tiles - t);
      TileOf<6>(p, row, rows, column);
      row += rows;
    }
  }
}
