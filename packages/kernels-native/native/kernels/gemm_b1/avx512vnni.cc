// gemm_b1__avx512vnni: 8 outputs per register in 64-bit lanes, vpopcntq. Tile: 6 rows x 32 outputs (24 accumulators, 4
// registers of weights, 1 broadcast). One step = 64 products per output: per accumulator one xor, one popcount, one add.
// Ternary weights cost the same: (a ^ sign) & mask is one vpternlogq. Exactness: integer, bit-identical to scalar.
#include <immintrin.h>

#include "qk/gemm_b1.h"

namespace {

using qk::GemmB1Output;
using qk::GemmB1Panel;

constexpr int kAndOfXor = 0x28;  // ternary logic table of (A ^ B) & C

// The 32-bit lower halves of two registers of sums.
__m512i Narrow(__m512i low, __m512i high) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_permutex2var_epi32(low, even, high);
}

// Signs of 16 (or, behind a last single register, 8) outputs of one row.
template <int kLanes>
void StoreBits(const GemmB1Panel& p, __m512i acc, __m512i threshold, __mmask16 exists, int64_t row, int64_t column) {
  uint16_t inverts = 0;
  __builtin_memcpy(&inverts, p.inverts + column / 8, kLanes / 8);
  const __mmask16 reached = _mm512_cmpge_epi32_mask(acc, threshold);
  const uint16_t bits = static_cast<uint16_t>((reached ^ inverts) & exists);
  uint8_t* out = static_cast<uint8_t*>(p.out) + row * p.out_stride + column / 8;
  if (exists >> 8 != 0) {
    __builtin_memcpy(out, &bits, 2);
  } else {
    out[0] = static_cast<uint8_t>(bits);
  }
}

// Finished sums of kRows rows and two registers: outputs `column` and behind. Masks are for what does not exist.
template <int kRows, int kLanes>
void Store(const GemmB1Panel& p, const __m512i (&differing)[kRows], int64_t row, int64_t column) {
  const int64_t left = p.columns - column;
  if (left <= 0) return;
  constexpr __mmask16 kPacked = static_cast<__mmask16>((1u << kLanes) - 1);
  const __mmask16 exists = static_cast<__mmask16>(left >= kLanes ? kPacked : (1u << left) - 1);
  __m512i acc[kRows];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; r++) {
    const __m512i initial = _mm512_maskz_loadu_epi32(kPacked, p.initial[row + r] + column);
    acc[r] = _mm512_sub_epi32(initial, _mm512_slli_epi32(differing[r], 1));
  }
  if (p.output == GemmB1Output::kI32) {
    int32_t* out = static_cast<int32_t*>(p.out) + row * p.out_stride + column;
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) _mm512_mask_storeu_epi32(out + r * p.out_stride, exists, acc[r]);
  } else if (p.output == GemmB1Output::kF32) {
    float* out = static_cast<float*>(p.out) + row * p.out_stride + column;
    const int64_t stride = p.out_stride;
    const bool is_whole = exists == 0xFFFF;
    const bool has_offset = p.offset != nullptr;
    const __m512 scale = _mm512_maskz_loadu_ps(kPacked, p.scale + column);
    const __m512 offset = has_offset ? _mm512_maskz_loadu_ps(kPacked, p.offset + column) : _mm512_setzero_ps();
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) {
      __m512 real = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[r]), scale);
      if (has_offset) real = _mm512_add_ps(real, offset);
      if (is_whole) {
        _mm512_storeu_ps(out + r * stride, real);
      } else {
        _mm512_mask_storeu_ps(out + r * stride, exists, real);
      }
    }
  } else {
    const __m512i threshold = _mm512_maskz_loadu_epi32(kPacked, p.threshold + column);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) StoreBits<kLanes>(p, acc[r], threshold, exists, row + r, column);
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
          const __m512i differing =
              kTernary ? _mm512_ternarylogic_epi64(a, sign[v], mask[v], kAndOfXor) : _mm512_xor_si512(a, sign[v]);
          acc[r][v] = _mm512_add_epi64(acc[r][v], _mm512_popcnt_epi64(differing));
        }
      }
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < kVectors / 2; v++) {
    __m512i pair[kRows];
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) pair[r] = Narrow(acc[r][2 * v], acc[r][2 * v + 1]);
    Store<kRows, 16>(p, pair, row, 16 * v);
  }
  if constexpr (kVectors % 2 == 1) {
    __m512i single[kRows];
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) single[r] = Narrow(acc[r][kVectors - 1], acc[r][kVectors - 1]);
    Store<kRows, 8>(p, single, row, 8 * (kVectors - 1));
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
      return Rows<(kTernary ? 5 : 6), 4, kTernary>(p);
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
