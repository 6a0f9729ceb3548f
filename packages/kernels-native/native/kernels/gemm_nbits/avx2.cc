// gemm_nbits__avx2: 8 outputs in lanes, one or four rows at a time.
// Codes of 2 and 4 bits: vpmaddubsw cannot saturate, 2 * 15 * 127 < 2^15. Codes of 8 bits are split into 7 bits and the top
// bit (0 or 128): 2 * 127 * 127 and 2 * 128 * 127 fit, too.
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

inline __m256i Dot(__m256i acc, __m256i codes_u8, __m256i a_i8) {
  const __m256i pairs_i16 = _mm256_maddubs_epi16(codes_u8, a_i8);
  return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs_i16, _mm256_set1_epi16(1)));
}

// Depth 4f .. 4f+3 of a step for 8 outputs, as bytes.
template <int kBits>
inline __m256i Field(__m256i packed, int f) {
  if constexpr (kBits == 8) return packed;
  return _mm256_and_si256(_mm256_srli_epi16(packed, f * kBits), _mm256_set1_epi8(static_cast<char>((1 << kBits) - 1)));
}

inline __m256i LoadZeros(const uint8_t* zeros) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(zeros)));
}

inline void Store(const GemmNBitsPanel& p, int64_t m, int64_t lane, __m256 acc) {
  alignas(32) float values[8];
  _mm256_store_ps(values, acc);
  for (int64_t j = lane; j < lane + 8 && j < p.columns; j++) {
    p.out[m * p.out_stride + j] = p.bias == nullptr ? values[j - lane] : values[j - lane] + p.bias[j];
  }
}

template <int kBits, int kRows>
[[gnu::noinline]] void Codes(const GemmNBitsPanel& p, int64_t first, int64_t lane) {
  constexpr int kFields = 8 / kBits;
  const int64_t stride = p.chunk;
  const int64_t steps = p.chunk / (4 * kFields);
  __m256 acc[kRows];
  for (int r = 0; r < kRows; r++) acc[r] = _mm256_setzero_ps();
  const uint8_t* weights = p.weights + 4 * lane;
  for (int64_t c = 0; c < p.chunks; c++) {
    const int64_t at = c / p.block_chunks * 16 + lane;
    const __m256i zero = LoadZeros(p.zeros + at);
    __m256i dot[kRows];
    for (int r = 0; r < kRows; r++) {
      const __m256i sum = _mm256_set1_epi32(-p.code_sums[c * p.rows + first + r]);
      dot[r] = _mm256_mullo_epi32(zero, sum);
    }
    const int8_t* a = p.codes + (c * p.rows + first) * p.chunk;
    for (int64_t s = 0; s < steps; s++, weights += 64, a += 4 * kFields) {
      const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
#pragma GCC unroll 4
      for (int f = 0; f < kFields; f++) {
        const __m256i codes = Field<kBits>(packed, f);
#pragma GCC unroll 4
        for (int r = 0; r < kRows; r++) {
          const __m256i a_i8 = _mm256_set1_epi32(LoadWord(a + r * stride + 4 * f));
          if constexpr (kBits == 8) {
            const __m256i top = _mm256_set1_epi8(static_cast<char>(0x80));
            dot[r] = Dot(dot[r], _mm256_andnot_si256(top, codes), a_i8);
            dot[r] = Dot(dot[r], _mm256_and_si256(top, codes), a_i8);
          } else {
            dot[r] = Dot(dot[r], codes, a_i8);
          }
        }
      }
    }
    const __m256 scale = _mm256_loadu_ps(p.scales + at);
    for (int r = 0; r < kRows; r++) {
      const __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(p.code_scales[c * p.rows + first + r]));
      acc[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[r]), both, acc[r]);
    }
  }
  for (int r = 0; r < kRows; r++) Store(p, first + r, lane, acc[r]);
}

template <int kBits, int kRows>
[[gnu::noinline]] void Reals(const GemmNBitsPanel& p, int64_t first, int64_t lane) {
  constexpr int kFields = 8 / kBits;
  const int64_t stride = p.chunk;
  const __m256i mask = _mm256_set1_epi32((1 << kBits) - 1);
  __m256 acc[kRows];
  for (int r = 0; r < kRows; r++) acc[r] = _mm256_setzero_ps();
  const uint8_t* weights = p.weights + 4 * lane;
  for (int64_t c = 0; c < p.chunks; c++) {
    const int64_t at = c / p.block_chunks * 16 + lane;
    const __m256i zero = LoadZeros(p.zeros + at);
    __m256 sum[kRows];
    for (int r = 0; r < kRows; r++) sum[r] = _mm256_setzero_ps();
    const float* a = p.reals + (c * p.rows + first) * p.chunk;
    for (int64_t s = 0; s < p.chunk / (4 * kFields); s++, weights += 64, a += 4 * kFields) {
      const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
#pragma GCC unroll 16
      for (int k = 0; k < 4 * kFields; k++) {
        const __m256i code = _mm256_and_si256(_mm256_srli_epi32(packed, 8 * (k % 4) + k / 4 * kBits), mask);
        const __m256 weight = _mm256_cvtepi32_ps(_mm256_sub_epi32(code, zero));
#pragma GCC unroll 4
        for (int r = 0; r < kRows; r++) sum[r] = _mm256_fmadd_ps(_mm256_set1_ps(a[r * stride + k]), weight, sum[r]);
      }
    }
    const __m256 scale = _mm256_loadu_ps(p.scales + at);
    for (int r = 0; r < kRows; r++) acc[r] = _mm256_fmadd_ps(sum[r], scale, acc[r]);
  }
  for (int r = 0; r < kRows; r++) Store(p, first + r, lane, acc[r]);
}

template <int kBits>
void AllCodes(const GemmNBitsPanel& p) {
  for (int64_t lane = 0; lane < p.columns; lane += 8) {
    int64_t m = 0;
    for (; m + 4 <= p.rows; m += 4) Codes<kBits, 4>(p, m, lane);
    for (; m < p.rows; m++) Codes<kBits, 1>(p, m, lane);
  }
}

template <int kBits>
void AllReals(const GemmNBitsPanel& p) {
  for (int64_t lane = 0; lane < p.columns; lane += 8) {
    int64_t m = 0;
    for (; m + 4 <= p.rows; m += 4) Reals<kBits, 4>(p, m, lane);
    for (; m < p.rows; m++) Reals<kBits, 1>(p, m, lane);
  }
}

}  // namespace

extern "C" void qk_gemm_nbits_codes__avx2(const GemmNBitsPanel& p) {
  p.bits == 4 ? AllCodes<4>(p) : p.bits == 2 ? AllCodes<2>(p) : AllCodes<8>(p);
}

extern "C" void qk_gemm_nbits_reals__avx2(const GemmNBitsPanel& p) {
  p.bits == 4 ? AllReals<4>(p) : p.bits == 2 ? AllReals<2>(p) : AllReals<8>(p);
}
