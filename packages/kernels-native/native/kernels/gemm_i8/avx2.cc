// gemm_i8__avx2: products in 16 bits, since vpmaddubsw would saturate. Tile: 5 rows x 16 columns (10 accumulators); a step is
// 4 bytes of depth.
//   32-bit lane = one column:  b0 b1 b2 b3  ->  even bytes (b0, b2) and odd bytes (b1, b3) as pairs of 16 bits, for all rows
//                              a0 a1 a2 a3  ->  (a0, a2) and (a1, a3) likewise, split once for all columns of the panel
// so vpmaddwd twice and two additions make four products of eight columns, and accumulators need no addition across lanes.
// Exactness: integer, bit-identical to scalar: |a*b| pairs are at most 2*255*128 < 2^31.
#include <immintrin.h>

#include "qk/gemm_i8.h"

namespace {

using qk::GemmI8Output;
using qk::GemmI8Panel;

constexpr int kMaxRows = 5;
constexpr int64_t kPanelColumns = qk::kGemmI8Lanes * qk::kGemmI8PanelVectors;
constexpr int64_t kSteps = 128;  // of depth that are split at once: 5 KiB of split a, 32 KiB of b

// Some steps of kRows rows, split: words of even and of odd bytes. Splitting writes eight steps at a time.
template <int kRows>
struct Split {
  int32_t even[kRows][kSteps + 8];
  int32_t odd[kRows][kSteps + 8];
};

// Splits up to 32 bytes; bytes beyond `count` meet zeros of b, whatever they are.
void SplitBytes(const uint8_t* a, int64_t count, __m256i flip, int32_t* even, int32_t* odd) {
  __m256i bytes;
  if (count >= 32) {
    bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a));
  } else {
    alignas(32) uint8_t part[32] = {};
    for (int64_t i = 0; i < count; i++) part[i] = a[i];
    bytes = _mm256_load_si256(reinterpret_cast<const __m256i*>(part));
  }
  bytes = _mm256_xor_si256(bytes, flip);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(even), _mm256_and_si256(bytes, _mm256_set1_epi16(255)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(odd), _mm256_srli_epi16(bytes, 8));
}

// Eight finished accumulators as floats or codes, in 32 bits.
__m256i Finish(const GemmI8Panel& p, __m256i acc, int64_t column) {
  if (p.output == GemmI8Output::kI32) return acc;
  __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(p.multiplier + column));
  if (p.output == GemmI8Output::kF32) {
    if (p.addend != nullptr) real = _mm256_add_ps(real, _mm256_loadu_ps(p.addend + column));
    return _mm256_castps_si256(real);
  }
  const __m256 low = _mm256_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  const __m256 high = _mm256_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  real = _mm256_min_ps(_mm256_max_ps(real, low), high);
  return _mm256_add_epi32(_mm256_cvtps_epi32(real), _mm256_set1_epi32(p.zero_point));
}

// Sixteen accumulators of one row to the output; columns beyond the matrix are not written.
void Store(const GemmI8Panel& p, const __m256i* acc, int64_t row, int64_t column) {
  const int64_t columns = p.columns - column < 16 ? p.columns - column : 16;
  const int64_t at = row * p.out_stride + column;
  const __m256i first = Finish(p, acc[0], column);
  const __m256i second = Finish(p, acc[1], column + 8);
  if (p.output == GemmI8Output::kCodes) {
    // The lowest byte of every number: codes are in the range of their type, whichever it is.
    const __m256i bytes = _mm256_set1_epi32(255);
    const __m256i words = _mm256_packs_epi32(_mm256_and_si256(first, bytes), _mm256_and_si256(second, bytes));
    const __m256i ordered = _mm256_permute4x64_epi64(words, 0xD8);
    const __m128i codes = _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
    uint8_t* out = static_cast<uint8_t*>(p.out) + at;
    if (columns == 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), codes);
    } else {
      alignas(16) uint8_t values[16];
      _mm_store_si128(reinterpret_cast<__m128i*>(values), codes);
      for (int64_t j = 0; j < columns; j++) out[j] = values[j];
    }
    return;
  }
  int32_t* out = static_cast<int32_t*>(p.out) + at;  // float bits where the output is float
  if (columns == 16) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), first);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 8), second);
  } else {
    alignas(32) int32_t values[16];
    _mm256_store_si256(reinterpret_cast<__m256i*>(values), first);
    _mm256_store_si256(reinterpret_cast<__m256i*>(values + 8), second);
    for (int64_t j = 0; j < columns; j++) out[j] = values[j];
  }
}

// Adds `steps` split steps times 16 columns to the sums, which wait in memory between two calls.
template <int kRows>
void AddSteps(const Split<kRows>& a, int64_t steps, const int8_t* b, int64_t b_step, int32_t* sums) {
  __m256i acc[kRows][2];
#pragma GCC unroll 5
  for (int r = 0; r < kRows; r++) {
    for (int v = 0; v < 2; v++) acc[r][v] = _mm256_load_si256(reinterpret_cast<__m256i*>(sums + r * kPanelColumns + 8 * v));
  }
  for (int64_t s = 0; s < steps; s++, b += b_step) {
    const __m256i b_0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
    const __m256i b_1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 32));
    const __m256i even_0 = _mm256_srai_epi16(_mm256_slli_epi16(b_0, 8), 8);
    const __m256i even_1 = _mm256_srai_epi16(_mm256_slli_epi16(b_1, 8), 8);
    const __m256i odd_0 = _mm256_srai_epi16(b_0, 8);
    const __m256i odd_1 = _mm256_srai_epi16(b_1, 8);
#pragma GCC unroll 5
    for (int r = 0; r < kRows; r++) {
      const __m256i even = _mm256_set1_epi32(a.even[r][s]);
      acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(even, even_0));
      acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(even, even_1));
      const __m256i odd = _mm256_set1_epi32(a.odd[r][s]);
      acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(odd, odd_0));
      acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(odd, odd_1));
    }
  }
#pragma GCC unroll 5
  for (int r = 0; r < kRows; r++) {
    for (int v = 0; v < 2; v++) _mm256_store_si256(reinterpret_cast<__m256i*>(sums + r * kPanelColumns + 8 * v), acc[r][v]);
  }
}

template <int kRows>
[[gnu::noinline]] void Tile(const GemmI8Panel& p, int64_t row) {
  const int64_t padded = qk::kGemmI8Lanes * p.vectors;
  const int64_t columns = p.columns;
  const int64_t b_step = 4 * padded;
  alignas(32) int32_t sums[kRows][kPanelColumns];
  for (int r = 0; r < kRows; r++) __builtin_memcpy(sums[r], p.initial, static_cast<size_t>(padded) * sizeof(int32_t));
  alignas(32) Split<kRows> split;
  const __m256i flip = _mm256_set1_epi32(static_cast<int32_t>(p.flip));
  const int8_t* b = p.b;
  int64_t steps = 0;
  const auto add_steps = [&] {
    for (int64_t c = 0; c < columns; c += 16) AddSteps<kRows>(split, steps, b + 4 * c, b_step, sums[0] + c);
    b += steps * b_step;
    steps = 0;
  };
  for (int64_t t = 0; t < p.taps; t++) {
    for (int64_t d = 0; d < p.depth; d += 32) {
      for (int r = 0; r < kRows; r++) {
        SplitBytes(p.rows[row + r] + p.tap_offsets[t] + d, p.depth - d, flip, split.even[r] + steps, split.odd[r] + steps);
      }
      steps += p.depth - d < 32 ? (p.depth - d + 3) / 4 : 8;
      if (steps > kSteps - 8) add_steps();
    }
  }
  add_steps();
  for (int r = 0; r < kRows; r++) {
    for (int64_t c = 0; c < columns; c += 16) {
      __m256i acc[2];
      for (int v = 0; v < 2; v++) {
        acc[v] = _mm256_load_si256(reinterpret_cast<__m256i*>(sums[r] + c + 8 * v));
        if (p.row_sums == nullptr) continue;
        const __m256i zero = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.b_zero + c + 8 * v));
        acc[v] = _mm256_sub_epi32(acc[v], _mm256_mullo_epi32(_mm256_set1_epi32(p.row_sums[row + r]), zero));
      }
      Store(p, acc, row + r, c);
    }
  }
}

template <int kRows>
void TileOf(const GemmI8Panel& p, int64_t row, int64_t rows) {
  if (rows == kRows) {
    Tile<kRows>(p, row);
  } else if constexpr (kRows > 1) {
    TileOf<kRows - 1>(p, row, rows);
  }
}

}  // namespace

extern "C" void qk_gemm_i8__avx2(const GemmI8Panel& p) {
  const int64_t tiles = (p.row_count + kMaxRows - 1) / kMaxRows;
  int64_t row = 0;
  for (int64_t t = 0; t < tiles; t++) {
    const int64_t rows = (p.row_count - row + (tiles - t) - 1) / (tiles - t);
    TileOf<kMaxRows>(p, row, rows);
    row += rows;
  }
}
