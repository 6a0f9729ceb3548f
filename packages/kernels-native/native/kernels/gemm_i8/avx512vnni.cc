// gemm_i8__avx512vnni: a panel of up to 64 columns times many rows, 512-bit VNNI.
// Tiles: 6 rows x 64 columns (24 accumulators, 4 registers of b, 1 broadcast, 1 flip mask); narrower panels take more rows:
//        8 x 48, 12 x 32, 12 x 16. One step = 4 bytes of depth: per step 24 vpdpbusd, 4 loads of b, 6 broadcasts of a.
// Rows are dealt evenly to tiles, so that no tile is much shorter than the others.
// Reads exactly `depth` bytes per row and tap; the last 1..3 bytes are assembled one by one.
// Exactness: integer, bit-identical to scalar; codes follow docs/numerics.md eq. 11.
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

uint32_t LoadTail(const uint8_t* a, int64_t count) {
  uint32_t word = 0;
  for (int64_t i = 0; i < count; i++) word |= static_cast<uint32_t>(a[i]) << (8 * i);
  return word;
}

template <int kVectors>
void StoreI32(const GemmI8Panel& p, const __m512i* acc, int64_t row) {
  int32_t* out = static_cast<int32_t*>(p.out) + row * p.out_stride;
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    const int64_t left = p.columns - 16 * v;
    const __mmask16 mask = static_cast<__mmask16>(left >= 16 ? 0xFFFF : (left <= 0 ? 0 : (1u << left) - 1));
    _mm512_mask_storeu_epi32(out + 16 * v, mask, acc[v]);
  }
}

template <int kVectors>
void StoreF32(const GemmI8Panel& p, const __m512i* acc, int64_t row) {
  float* out = static_cast<float*>(p.out) + row * p.out_stride;
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    const int64_t left = p.columns - 16 * v;
    const __mmask16 mask = static_cast<__mmask16>(left >= 16 ? 0xFFFF : (left <= 0 ? 0 : (1u << left) - 1));
    __m512 real = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[v]), _mm512_loadu_ps(p.multiplier + 16 * v));
    if (p.addend != nullptr) real = _mm512_add_ps(real, _mm512_loadu_ps(p.addend + 16 * v));
    _mm512_mask_storeu_ps(out + 16 * v, mask, real);
  }
}

// Codes of one row: clamped before rounding (the bounds are integers, so the order does not matter), NaN to the lowest.
template <int kVectors>
void StoreCodes(const GemmI8Panel& p, const __m512i* acc, int64_t row, __m512 low, __m512 high, __m512i shift,
                __m512i sign) {
  __m512i code[4];
#pragma GCC unroll 4
  for (int v = 0; v < 4; v++) {
    if (v >= kVectors) {
      code[v] = _mm512_setzero_si512();
      continue;
    }
    __m512 real = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[v]), _mm512_loadu_ps(p.multiplier + 16 * v));
    real = _mm512_min_ps(_mm512_max_ps(real, low), high);
    code[v] = _mm512_add_epi32(_mm512_cvtps_epi32(real), shift);
  }
  uint8_t* out = static_cast<uint8_t*>(p.out) + row * p.out_stride;
  if constexpr (kVectors == 1) {
    const __m128i bytes = _mm_xor_si128(_mm512_cvtepi32_epi8(code[0]), _mm512_castsi512_si128(sign));
    const __mmask16 mask = static_cast<__mmask16>(p.columns >= 16 ? 0xFFFF : (1u << p.columns) - 1);
    _mm_mask_storeu_epi8(out, mask, bytes);
  } else {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i words_0 = _mm512_packus_epi32(code[0], code[1]);
    const __m512i words_1 = _mm512_packus_epi32(code[2], code[3]);
    __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(words_0, words_1));
    bytes = _mm512_xor_si512(bytes, sign);
    const __mmask64 mask = p.columns >= 64 ? ~__mmask64{0} : (__mmask64{1} << p.columns) - 1;
    _mm512_mask_storeu_epi8(out, mask, bytes);
  }
}

template <int kRows, int kVectors>
[[gnu::noinline]] void Tile(const GemmI8Panel& p, int64_t row) {
  __m512i acc[kRows][kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; v++) {
    const __m512i initial = _mm512_loadu_si512(p.initial + 16 * v);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) acc[r][v] = initial;
  }
  const __m512i flip = _mm512_set1_epi32(static_cast<int32_t>(p.flip));
  const int8_t* b = p.b;
  const int64_t whole = p.depth & ~int64_t{3};
  const int64_t tail = p.depth & 3;
  const uint8_t* rows[kRows];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; r++) rows[r] = p.rows[row + r];
  for (int64_t t = 0; t < p.taps; t++) {
    const int64_t begin = p.tap_offsets[t];
    for (int64_t d = begin; d < begin + whole; d += 4) {
      __m512i b_i8x64[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) b_i8x64[v] = _mm512_loadu_si512(b + 64 * v);
#pragma GCC unroll 12
      for (int r = 0; r < kRows; r++) {
        const __m512i a_u8x64 =
            _mm512_xor_si512(_mm512_set1_epi32(LoadWord(rows[r] + d)), flip);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) acc[r][v] = _mm512_dpbusd_epi32(acc[r][v], a_u8x64, b_i8x64[v]);
      }
      b += 64 * kVectors;
    }
    if (tail != 0) {
#pragma GCC unroll 12
      for (int r = 0; r < kRows; r++) {
        const int32_t word = static_cast<int32_t>(LoadTail(rows[r] + begin + whole, tail));
        const __m512i a_u8x64 = _mm512_xor_si512(_mm512_set1_epi32(word), flip);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) {
          acc[r][v] = _mm512_dpbusd_epi32(acc[r][v], a_u8x64, _mm512_loadu_si512(b + 64 * v));
        }
      }
      b += 64 * kVectors;
    }
  }
  if (p.row_sums != nullptr) {
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) {
      const __m512i sum = _mm512_set1_epi32(p.row_sums[row + r]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        acc[r][v] = _mm512_sub_epi32(acc[r][v], _mm512_mullo_epi32(sum, _mm512_loadu_si512(p.b_zero + 16 * v)));
      }
    }
  }
  if (p.output == GemmI8Output::kCodes) {
    const int32_t offset = p.signed_codes ? 128 : 0;
    const __m512 low = _mm512_set1_ps(static_cast<float>(p.qmin - p.zero_point));
    const __m512 high = _mm512_set1_ps(static_cast<float>(p.qmax - p.zero_point));
    const __m512i shift = _mm512_set1_epi32(p.zero_point + offset);
    const __m512i sign = _mm512_set1_epi8(static_cast<char>(offset));
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) StoreCodes<kVectors>(p, acc[r], row + r, low, high, shift, sign);
  } else if (p.output == GemmI8Output::kI32) {
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) StoreI32<kVectors>(p, acc[r], row + r);
  } else {
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) StoreF32<kVectors>(p, acc[r], row + r);
  }
}

// A tile of at most kRows rows: the smaller ones are found by recursion at compile time.
template <int kRows, int kVectors>
void TileOf(const GemmI8Panel& p, int64_t row, int64_t rows) {
  if (rows == kRows) {
    Tile<kRows, kVectors>(p, row);
  } else if constexpr (kRows > 1) {
    TileOf<kRows - 1, kVectors>(p, row, rows);
  }
}

template <int kMaxRows, int kVectors>
void Rows(const GemmI8Panel& p) {
  const int64_t tiles = (p.row_count + kMaxRows - 1) / kMaxRows;
  int64_t row = 0;
  for (int64_t t = 0; t < tiles; t++) {
    const int64_t rows = (p.row_count - row + (tiles - t) - 1) / (tiles - t);
    TileOf<kMaxRows, kVectors>(p, row, rows);
    row += rows;
  }
}

}  // namespace

extern "C" void qk_gemm_i8__avx512vnni(const GemmI8Panel& panel) {
  switch (panel.vectors) {
    case 1:
      return Rows<12, 1>(panel);
    case 2:
      return Rows<12, 2>(panel);
    case 3:
      return Rows<8, 3>(panel);
    default:
      return Rows<6, 4>(panel);
  }
}

extern "C" void qk_gemm_i8_row_sums__avx512vnni(const qk::GemmI8RowSums& call) {
  const __m512i flip = _mm512_set1_epi32(static_cast<int32_t>(call.flip));
  const __m512i ones = _mm512_set1_epi8(1);
  for (int64_t r = 0; r < call.row_count; r++) {
    __m512i sum = _mm512_setzero_si512();
    for (int64_t t = 0; t < call.taps; t++) {
      const uint8_t* a = call.rows[r] + call.tap_offsets[t];
      for (int64_t d = 0; d < call.depth; d += 64) {
        const int64_t left = call.depth - d;
        const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
        const __m512i a_u8x64 = _mm512_maskz_mov_epi8(mask, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, a + d), flip));
        sum = _mm512_dpbusd_epi32(sum, a_u8x64, ones);
      }
    }
    call.sums[r] = _mm512_reduce_add_epi32(sum);
  }
}
