// Depthwise windows in 256-bit registers, around the dot product of an instruction set: 32 channels at a time, two halves of a
// packed block. Four image rows of one column interleave to four registers of 8 channels x 4 rows, as in the 512-bit kernel.
// Internal linkage: each kernel file owns its copy.
//
// An instruction set gives a type with
//   kParts                        registers that hold one register of bytes ready for Dot
//   Split(bytes, parts)           codes (unsigned) into them
//   SplitWeights(bytes, parts)    weights (signed) into them
//   Dot(acc, codes, weights)      acc plus four products per 32-bit lane
#ifndef QK_KERNELS_DEPTHWISE_I8_HALVES_256_H_
#define QK_KERNELS_DEPTHWISE_I8_HALVES_256_H_

#include <immintrin.h>

#include "qk/depthwise_i8.h"

namespace {

using qk::DepthwiseI8Row;

struct Half {
  int64_t first;   // channel
  int64_t count;   // channels of this half that exist, 1 .. 32
  int64_t block;   // of 64 channels
  int64_t packed;  // position of its first lane: 0 or 8 within every vector
};

// Copies fewer than 32 bytes.
inline void CopyPart(uint8_t* to, const uint8_t* from, int64_t count) {
  if ((count & 16) != 0) {
    __builtin_memcpy(to, from, 16);
    to += 16;
    from += 16;
  }
  if ((count & 8) != 0) {
    __builtin_memcpy(to, from, 8);
    to += 8;
    from += 8;
  }
  for (int64_t i = 0; i < (count & 7); i++) to[i] = from[i];
}

// The 32 channels of one image row; bytes beyond the last channel are 0 and never read.
inline __m256i LoadRow(const uint8_t* at, int64_t count, __m256i flip) {
  if (count >= 32) return _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), flip);
  alignas(32) uint8_t bytes[32] = {};
  CopyPart(bytes, at, count);
  return _mm256_xor_si256(_mm256_load_si256(reinterpret_cast<const __m256i*>(bytes)), flip);
}

inline void StoreRow(uint8_t* at, int64_t count, __m256i codes) {
  if (count >= 32) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), codes);
    return;
  }
  alignas(32) uint8_t bytes[32];
  _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), codes);
  CopyPart(at, bytes, count);
}

// Four image rows, ready for Dot: v[4][kParts].
template <class Isa>
struct Column {
  __m256i v[4][Isa::kParts];
};

template <class Isa>
inline void Interleave(__m256i r0, __m256i r1, __m256i r2, __m256i r3, Column<Isa>* column) {
  const __m256i r01_lo = _mm256_unpacklo_epi8(r0, r1);
  const __m256i r01_hi = _mm256_unpackhi_epi8(r0, r1);
  const __m256i r23_lo = _mm256_unpacklo_epi8(r2, r3);
  const __m256i r23_hi = _mm256_unpackhi_epi8(r2, r3);
  Isa::Split(_mm256_unpacklo_epi16(r01_lo, r23_lo), column->v[0]);
  Isa::Split(_mm256_unpackhi_epi16(r01_lo, r23_lo), column->v[1]);
  Isa::Split(_mm256_unpacklo_epi16(r01_hi, r23_hi), column->v[2]);
  Isa::Split(_mm256_unpackhi_epi16(r01_hi, r23_hi), column->v[3]);
}

// Accumulators to codes; the packs undo the order the unpacks left.
inline __m256i ToCodes(const DepthwiseI8Row& p, const __m256i* acc, const float* multiplier) {
  const __m256 low = _mm256_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  const __m256 high = _mm256_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  const int32_t offset = p.signed_codes ? 128 : 0;
  __m256i rounded[4];
#pragma GCC unroll 4
  for (int v = 0; v < 4; v++) {
    const __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[v]), _mm256_loadu_ps(multiplier + 16 * v));
    rounded[v] = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(real, low), high));
  }
  const __m256i shift_i16 = _mm256_set1_epi16(static_cast<int16_t>(p.zero_point + offset));
  const __m256i code_01 = _mm256_adds_epi16(_mm256_packs_epi32(rounded[0], rounded[1]), shift_i16);
  const __m256i code_23 = _mm256_adds_epi16(_mm256_packs_epi32(rounded[2], rounded[3]), shift_i16);
  return _mm256_xor_si256(_mm256_packus_epi16(code_01, code_23), _mm256_set1_epi8(static_cast<char>(offset)));
}

// Windows 3 x 3 without dilation: of three interleaved columns one is new for every output, and with two output rows the
// columns hold four image rows; the second row's weights are the first's, one byte up.
template <class Isa, int kRows>
[[gnu::noinline]] void SlideThree(const DepthwiseI8Row& p, const Half& half) {
  const __m256i flip = _mm256_set1_epi32(static_cast<int32_t>(p.flip));
  const int32_t* initial = p.initial + half.block * 64 + half.packed;
  const float* multiplier = p.multiplier + half.block * 64 + half.packed;
  __m256i weights[kRows][3][4][Isa::kParts];
  for (int i = 0; i < 12; i++) {
    const int8_t* at = p.weights + half.block * 768 + 4 * half.packed + 64 * i;
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    Isa::SplitWeights(bytes, weights[0][i / 4][i % 4]);
    if constexpr (kRows == 2) Isa::SplitWeights(_mm256_slli_epi32(bytes, 8), weights[1][i / 4][i % 4]);
  }
  auto load = [&](int64_t x, Column<Isa>* column) {
    const bool inside = x >= 0 && x < p.width;
    __m256i r[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
#pragma GCC unroll 4
    for (int i = 0; i < 2 + kRows; i++) {
      r[i] = LoadRow((inside ? p.rows[i] + x * p.column_stride[i] : p.pad) + half.first, half.count, flip);
    }
    Interleave<Isa>(r[0], r[1], r[2], r[3], column);
  };
  Column<Isa> columns[3];
  Column<Isa>* window[3] = {&columns[0], &columns[1], &columns[2]};
  for (int64_t ox = 0; ox < p.out_width; ox++) {
    const int64_t x = ox * p.stride_x - p.pad_left;
    // Columns that the last window had, too, come first.
    const int64_t kept = ox == 0 || p.stride_x > 2 ? 0 : 3 - p.stride_x;
    for (int64_t i = 0; kept > 0 && i < p.stride_x; i++) {
      Column<Isa>* const first = window[0];
      window[0] = window[1];
      window[1] = window[2];
      window[2] = first;
    }
    for (int64_t j = kept; j < 3; j++) load(x + j, window[j]);
#pragma GCC unroll 2
    for (int row = 0; row < kRows; row++) {
      __m256i acc[4];
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) acc[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(initial + 16 * v));
      for (int j = 0; j < 3; j++) {
        const Column<Isa>& column = *window[j];
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) acc[v] = Isa::Dot(acc[v], column.v[v], weights[row][j][v]);
      }
      StoreRow(p.out + (row * p.out_width + ox) * p.channels + half.first, half.count, ToCodes(p, acc, multiplier));
    }
  }
}

template <class Isa>
void AnyWindow(const DepthwiseI8Row& p, const Half& half, int64_t out_row) {
  const __m256i flip = _mm256_set1_epi32(static_cast<int32_t>(p.flip));
  const int32_t* initial = p.initial + half.block * 64 + half.packed;
  const float* multiplier = p.multiplier + half.block * 64 + half.packed;
  const int64_t block_bytes = p.kernel_width * ((p.kernel_height + 3) / 4) * 256;
  for (int64_t ox = 0; ox < p.out_width; ox++) {
    __m256i acc[4];
    for (int v = 0; v < 4; v++) acc[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(initial + 16 * v));
    const int8_t* w = p.weights + half.block * block_bytes + 4 * half.packed;
    for (int64_t j = 0; j < p.kernel_width; j++) {
      const int64_t x = ox * p.stride_x + j * p.dilation_x - p.pad_left;
      const bool inside = x >= 0 && x < p.width;
      for (int64_t row0 = 0; row0 < p.kernel_height; row0 += 4, w += 256) {
        __m256i r[4];
        for (int64_t i = 0; i < 4; i++) {
          const int64_t row = row0 + i;
          const bool exists = row < p.kernel_height;
          const bool is_image = exists && inside;
          const uint8_t* at = is_image ? p.rows[out_row + row] + x * p.column_stride[out_row + row] : p.pad;
          r[i] = exists ? LoadRow(at + half.first, half.count, flip) : _mm256_setzero_si256();
        }
        Column<Isa> column;
        Interleave<Isa>(r[0], r[1], r[2], r[3], &column);
        for (int v = 0; v < 4; v++) {
          __m256i weights[Isa::kParts];
          Isa::SplitWeights(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 64 * v)), weights);
          acc[v] = Isa::Dot(acc[v], column.v[v], weights);
        }
      }
    }
    StoreRow(p.out + (out_row * p.out_width + ox) * p.channels + half.first, half.count, ToCodes(p, acc, multiplier));
  }
}

template <class Isa>
void RunHalves(const DepthwiseI8Row& p) {
  const bool is_three = p.kernel_width == 3 && p.kernel_height == 3 && p.dilation_x == 1;
  for (int64_t first = 0; first < p.channels; first += 32) {
    const int64_t left = p.channels - first;
    const Half half = {first, left < 32 ? left : 32, first / 64, first % 64 / 4};
    if (is_three && p.out_rows == 2) {
      SlideThree<Isa, 2>(p, half);
    } else if (is_three) {
      SlideThree<Isa, 1>(p, half);
    } else {
      for (int64_t r = 0; r < p.out_rows; r++) AnyWindow<Isa>(p, half, r);
    }
  }
}

}  // namespace

#endif  // QK_KERNELS_DEPTHWISE_I8_HALVES_256_H_
