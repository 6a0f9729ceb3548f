// gemm_b1__avx512vnni: 8 outputs per register in 64-bit lanes, vpopcntq. Tile: 6 rows x 32 outputs (24 accumulators, 4 registers
// of weights, 1 broadcast). One step = 64 products per output: per accumulator one xor, one popcount, one add. Ternary weights
// cost the same: (a ^ sign) & mask is one vpternlogq.
// Exactness: integer, bit-identical to scalar.
#include <immintrin.h>

#include "qk/gemm_b1.h"

namespace {

using qk::GemmB1Output;
using qk::GemmB1Panel;

constexpr int kAndOfXor = 0x28;  // ternary logic table of (A ^ B) & C

// Eight finished accumulators of one row.
void Store(const GemmB1Panel& p, __m512i differing, int64_t row, int64_t column) {
  const __m256i initial = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.initial[row] + column));
  const __m256i acc = _mm256_sub_epi32(initial, _mm256_slli_epi32(_mm512_cvtepi64_epi32(differing), 1));
  const int64_t left = p.columns - column;
  const __mmask8 mask = static_cast<__mmask8>(left >= 8 ? 0xFF : left <= 0 ? 0 : (1u << left) - 1);
  if (mask == 0) return;
  if (p.output == GemmB1Output::kI32) {
    _mm256_mask_storeu_epi32(static_cast<int32_t*>(p.out) + row * p.out_stride + column, mask, acc);
  } else if (p.output == GemmB1Output::kF32) {
    __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), _mm256_loadu_ps(p.scale + column));
    if (p.offset != nullptr) real = _mm256_add_ps(real, _mm256_loadu_ps(p.offset + column));
    _mm256_mask_storeu_ps(static_cast<float*>(p.out) + row * p.out_stride + column, mask, real);
  } else {
    const __m256i threshold = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p.threshold + column));
    const __mmask8 reached = _mm256_cmpge_epi32_mask(acc, threshold);
    const unsigned bits = (static_cast<unsigned>(reached) ^ p.inverts[column / 8]) & mask;
    static_cast<uint8_t*>(p.out)[row * p.out_stride + column / 8] = static_cast<uint8_t>(bits);
  }
}

template <int kRows, int kVectors, bool kTernary>
[[gnu::noinline]] void Tile(const GemmB1Panel& p, int64_t row) {
  constexpr int64_t kStep = 8 * kVectors * (kTernary ? 2 : 1);
  __m512i acc[kRows][kVectors];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) acc[r][v] = _mm512_setzero_si512();
  }
  const uint64_t* rows[kRows];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; r++) rows[r] = p.rows[row + r];
  const uint64_t* w = p.weights;
  for (int64_t t = 0; t < p.taps; t++) {
    const int64_t begin = p.tap_offsets[t];
    for (int64_t d = begin; d < begin + p.depth; d++, w += kStep) {
      __m512i sign[kVectors];
      __m512i mask[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        sign[v] = _mm512_loadu_si512(w + 8 * v);
        if constexpr (kTernary) mask[v] = _mm512_loadu_si512(w + 8 * kVectors + 8 * v);
      }
#pragma GCC unroll 12
      for (int r = 0; r < kRows; r++) {
        const __m512i a = _mm512_set1_epi64(static_cast<int64_t>(rows[r][d]));
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) {
          const __m512i differing = kTernary ? _mm512_ternarylogic_epi64(a, sign[v], mask[v], kAndOfXor)
                                             : _mm512_xor_si512(a, sign[v]);
          acc[r][v] = _mm512_add_epi64(acc[r][v], _mm512_popcnt_epi64(differing));
        }
      }
    }
  }
  for (int r = 0; r < kRows; r++) {
    for (int v = 0; v < kVectors; v++) Store(p, acc[r][v], row + r, 8 * v);
  }
}

template <int kRows, int kVectors, bool kTernary>
void TileOf(const GemmB1Panel& p, int64_t row, int64_t rows) {
  if (rows == kRows) {
    Tile<kRows, kVectors, kTernary>(p, row);
  } else if constexpr (kRows > 1) {
    TileOf<kRows - 1, kVectors, kTernary>(p, row, rows);
  }
}

template <int kMaxRows, int kVectors, bool kTernary>
void Rows(const GemmB1Panel& p) {
  const int64_t tiles = (p.row_count + kMaxRows - 1) / kMaxRows;
  int64_t row = 0;
  for (int64_t t = 0; t < tiles; t++) {
    const int64_t rows = (p.row_count - row + (tiles - t) - 1) / (tiles - t);
    TileOf<kMaxRows, kVectors, kTernary>(p, row, rows);
    row += rows;
  }
}

template <bool kTernary>
void Run(const GemmB1Panel& p) {
  switch (p.vectors) {
    case 1:
      return Rows<6, 1, kTernary>(p);
    case 2:
      return Rows<6, 2, kTernary>(p);
    case 3:
      return Rows<6, 3, kTernary>(p);
    default:
      return Rows<kTernary ? 5 : 6, 4, kTernary>(p);
  }
}

}  // namespace

extern "C" void qk_gemm_b1__avx512vnni(const GemmB1Panel& p) { p.is_ternary ? Run<true>(p) : Run<false>(p); }

extern "C" void qk_pack_signs__avx512vnni(const qk::PackSigns& run) {
  const __m512 zero = _mm512_setzero_ps();
  for (int64_t i = 0; i < run.count; i += 64) {
    uint64_t word = 0;
    for (int64_t j = 0; j < 64; j += 16) {
      const int64_t left = run.count - i - j;
      if (left <= 0) break;
      const __mmask16 mask = static_cast<__mmask16>(left >= 16 ? 0xFFFF : (1u << left) - 1);
      const __m512 x = _mm512_maskz_loadu_ps(mask, run.x + i + j);
      word |= static_cast<uint64_t>(_mm512_mask_cmp_ps_mask(mask, x, zero, _CMP_GE_OQ)) << j;
    }
    run.words[i / 64] = word;
  }
}
