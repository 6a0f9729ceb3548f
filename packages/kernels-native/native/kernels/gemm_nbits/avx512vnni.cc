// gemm_nbits__avx512vnni: 16 outputs in lanes, up to 16 rows of activations at a time.
// Codes: a chunk of 32 is unpacked once into 8 registers (16 outputs x 4 codes as unsigned bytes), then every row takes 8
// vpdpbusd with a broadcast of 4 of its codes as the signed memory operand, one conversion and one fma.
// At one row the weights stream past once: 256 bytes of 4-bit codes and 64 of scales per chunk, bound by memory.
// Exactness: the same bits as scalar (integer sums; floats in the order of gemm_nbits.h).
#include <immintrin.h>

#include "qk/gemm_nbits.h"

namespace {

using qk::GemmNBitsPanel;

// Four bytes at any alignment.
inline int32_t LoadWord(const int8_t* bytes) {
  int32_t word;
  __builtin_memcpy(&word, bytes, 4);
  return word;
}

// The codes of 32 (or the first 16) of a chunk as bytes: register i holds depth 4i .. 4i+3 of 16 outputs.
template <int kBits, int kGroups>
inline void Unpack(const uint8_t* weights, __m512i* bytes) {
  constexpr int kFields = 8 / kBits;
  const __m512i mask = _mm512_set1_epi8(static_cast<char>((1 << kBits) - 1));
#pragma GCC unroll 8
  for (int s = 0; s < kGroups / kFields; s++) {
    const __m512i packed = _mm512_loadu_si512(weights + 64 * s);
    if constexpr (kBits == 8) {
      bytes[s] = packed;
    } else {
#pragma GCC unroll 4
      for (int f = 0; f < kFields; f++) {
        bytes[s * kFields + f] = _mm512_and_si512(f == 0 ? packed : _mm512_srli_epi16(packed, f * kBits), mask);
      }
    }
  }
}

inline __mmask16 ColumnMask(const GemmNBitsPanel& p) {
  return static_cast<__mmask16>(p.columns >= 16 ? 0xFFFF : (1u << p.columns) - 1);
}

inline void Store(const GemmNBitsPanel& p, int64_t m, __m512 acc) {
  if (p.bias != nullptr) acc = _mm512_add_ps(acc, _mm512_maskz_loadu_ps(ColumnMask(p), p.bias));
  _mm512_mask_storeu_ps(p.out + m * p.out_stride, ColumnMask(p), acc);
}

inline __m512i LoadZeros(const uint8_t* zeros) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(zeros)));
}

template <int kBits, int kGroups, int kRows>
[[gnu::noinline]] void Codes(const GemmNBitsPanel& p, int64_t first) {
  constexpr int64_t kChunk = 4 * kGroups;
  constexpr int64_t kChunkBytes = 16 * kChunk * kBits / 8;
  const int64_t rows = p.rows;
  const int8_t* codes = p.codes + first * kChunk;
  const float* code_scales = p.code_scales + first;
  const int32_t* code_sums = p.code_sums + first;
  __m512 acc[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) acc[r] = _mm512_setzero_ps();
  const uint8_t* weights = p.weights;
  const float* scales = p.scales;
  const uint8_t* zeros = p.zeros;
  int64_t left_in_block = p.block_chunks;
  for (int64_t c = 0; c < p.chunks; c++) {
    __m512i bytes[kGroups];
    Unpack<kBits, kGroups>(weights, bytes);
    const __m512 scale = _mm512_loadu_ps(scales);
    const __m512i negative_zero = _mm512_sub_epi32(_mm512_setzero_si512(), LoadZeros(zeros));
#pragma GCC unroll 16
    for (int r = 0; r < kRows; r++) {
      const int8_t* a = codes + r * kChunk;
      // Two chains, so that one row does not wait for its own sums.
      __m512i even = _mm512_mullo_epi32(negative_zero, _mm512_set1_epi32(code_sums[r]));
      __m512i odd = _mm512_setzero_si512();
#pragma GCC unroll 8
      for (int g = 0; g < kGroups; g += 2) {
        even = _mm512_dpbusd_epi32(even, bytes[g], _mm512_set1_epi32(LoadWord(a + 4 * g)));
        odd = _mm512_dpbusd_epi32(odd, bytes[g + 1], _mm512_set1_epi32(LoadWord(a + 4 * g + 4)));
      }
      const __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(code_scales[r]));
      acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(even, odd)), both, acc[r]);
    }
    weights += kChunkBytes;
    codes += rows * kChunk;
    code_scales += rows;
    code_sums += rows;
    if (--left_in_block == 0) {
      left_in_block = p.block_chunks;
      scales += 16;
      zeros += 16;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) Store(p, first + r, acc[r]);
}

// Float activations: every code of a step becomes a float once and meets all rows.
template <int kBits, int kRows>
[[gnu::noinline]] void Reals(const GemmNBitsPanel& p, int64_t first) {
  constexpr int kFields = 8 / kBits;
  const int64_t stride = p.chunk;
  const __m512i mask = _mm512_set1_epi32((1 << kBits) - 1);
  __m512 acc[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) acc[r] = _mm512_setzero_ps();
  const uint8_t* weights = p.weights;
  for (int64_t c = 0; c < p.chunks; c++) {
    const int64_t at = c / p.block_chunks * 16;
    const __m512i zero = LoadZeros(p.zeros + at);
    const __m512 scale = _mm512_loadu_ps(p.scales + at);
    __m512 sum[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++) sum[r] = _mm512_setzero_ps();
    const float* a = p.reals + (c * p.rows + first) * p.chunk;
    for (int64_t step = 0; step < p.chunk / (4 * kFields); step++, weights += 64, a += 4 * kFields) {
      const __m512i packed = _mm512_loadu_si512(weights);
#pragma GCC unroll 16
      for (int k = 0; k < 4 * kFields; k++) {
        const unsigned shift = static_cast<unsigned>(8 * (k % 4) + k / 4 * kBits);
        const __m512i code = _mm512_and_si512(_mm512_srli_epi32(packed, shift), mask);
        const __m512 weight = _mm512_cvtepi32_ps(_mm512_sub_epi32(code, zero));
#pragma GCC unroll 8
        for (int r = 0; r < kRows; r++) sum[r] = _mm512_fmadd_ps(_mm512_set1_ps(a[r * stride + k]), weight, sum[r]);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++) acc[r] = _mm512_fmadd_ps(sum[r], scale, acc[r]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) Store(p, first + r, acc[r]);
}

template <int kBits, int kGroups>
void AllCodes(const GemmNBitsPanel& p) {
  int64_t m = 0;
  for (; m + 16 <= p.rows; m += 16) Codes<kBits, kGroups, 16>(p, m);
  for (; m + 8 <= p.rows; m += 8) Codes<kBits, kGroups, 8>(p, m);
  for (; m + 4 <= p.rows; m += 4) Codes<kBits, kGroups, 4>(p, m);
  for (; m + 2 <= p.rows; m += 2) Codes<kBits, kGroups, 2>(p, m);
  for (; m < p.rows; m++) Codes<kBits, kGroups, 1>(p, m);
}

template <int kBits>
void AllReals(const GemmNBitsPanel& p) {
  int64_t m = 0;
  for (; m + 8 <= p.rows; m += 8) Reals<kBits, 8>(p, m);
  for (; m + 2 <= p.rows; m += 2) Reals<kBits, 2>(p, m);
  for (; m < p.rows; m++) Reals<kBits, 1>(p, m);
}

template <int kBits>
void AllChunks(const GemmNBitsPanel& p) {
  p.chunk == 32 ? AllCodes<kBits, 8>(p) : AllCodes<kBits, 4>(p);
}

}  // namespace

extern "C" void qk_gemm_nbits_codes__avx512vnni(const GemmNBitsPanel& p) {
  p.bits == 4 ? AllChunks<4>(p) : p.bits == 2 ? AllChunks<2>(p) : AllChunks<8>(p);
}

extern "C" void qk_gemm_nbits_reals__avx512vnni(const GemmNBitsPanel& p) {
  p.bits == 4 ? AllReals<4>(p) : p.bits == 2 ? AllReals<2>(p) : AllReals<8>(p);
}

extern "C" void qk_quantize_chunks__avx512vnni(const qk::QuantizeChunksRow& row) {
  for (int64_t c = 0; c * row.chunk < row.depth; c++) {
    const int64_t begin = c * row.chunk;
    __m512 x[2];
    __mmask16 masks[2];
    __m512 largest_f32x16 = _mm512_setzero_ps();
    for (int64_t h = 0; h < 2; h++) {
      const int64_t left = row.depth - begin - 16 * h;
      const int64_t wanted = 16 * h < row.chunk ? left : 0;
      masks[h] = static_cast<__mmask16>(wanted >= 16 ? 0xFFFF : wanted <= 0 ? 0 : (1u << wanted) - 1);
      x[h] = _mm512_maskz_loadu_ps(masks[h], row.x + begin + 16 * h);
      largest_f32x16 = _mm512_max_ps(_mm512_abs_ps(x[h]), largest_f32x16);
    }
    const float largest = _mm512_reduce_max_ps(largest_f32x16);
    const float scale = largest > 0 ? largest / 127.0f : 1.0f;
    const __m512 low = _mm512_set1_ps(-127.0f);
    const __m512 high = _mm512_set1_ps(127.0f);
    int32_t sum = 0;
    for (int64_t h = 0; 16 * h < row.chunk; h++) {
      const __m512 quotient = _mm512_div_ps(x[h], _mm512_set1_ps(scale));
      const __m512i code = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(quotient, low), high));
      sum += _mm512_reduce_add_epi32(code);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(row.codes + begin * row.rows + 16 * h), _mm512_cvtepi32_epi8(code));
    }
    row.scales[c * row.rows] = scale;
    row.sums[c * row.rows] = sum;
  }
}
