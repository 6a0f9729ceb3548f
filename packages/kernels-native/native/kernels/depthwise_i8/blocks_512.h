// A block of 64 channels in 512-bit registers: its constants, its pixels, and the way back to codes. For
// depthwise_i8__avx512vnni; internal linkage.
#ifndef QK_KERNELS_DEPTHWISE_I8_BLOCKS_512_H_
#define QK_KERNELS_DEPTHWISE_I8_BLOCKS_512_H_

#include <immintrin.h>

#include "qk/depthwise_i8.h"

namespace {

using qk::DepthwiseI8Row;

// Four registers of 16 channels x 4 rows.
struct Column {
  __m512i v[4];
};

// What the four 128-bit lanes of a register hold.
enum class Lanes {
  kFull,      // 64 channels of one pixel
  kMasked,    // fewer than 64
  kHalves,    // up to 32 channels of two pixels, half a row apart
  kQuarters,  // up to 16 channels of four pixels, a quarter of a row apart
};

constexpr int PartsOf(Lanes lanes) { return lanes == Lanes::kHalves ? 2 : lanes == Lanes::kQuarters ? 4 : 1; }

// Constants of one channel block, copied out of the call so that stores of bytes cannot invalidate them.
struct Block {
  int64_t first;  // channel
  int64_t channels;
  __mmask64 mask;  // of the channels of one pixel
  __m512i flip;
  __m512i initial[4];
  __m512 multiplier[4];
  __m512 low, high;
  __m512i shift_i16, qmin_u8, qmax_u8, sign;
  uint8_t* out;
};

// Constants per channel, repeated for every pixel in the register.
template <Lanes kLanes>
inline __m512i Repeat(__m512i lanes) {
  if constexpr (kLanes == Lanes::kHalves) return _mm512_shuffle_i32x4(lanes, lanes, 0x44);
  if constexpr (kLanes == Lanes::kQuarters) return _mm512_shuffle_i32x4(lanes, lanes, 0x00);
  return lanes;
}

template <Lanes kLanes>
Block MakeBlock(const DepthwiseI8Row& p, int64_t first) {
  Block b;
  const int64_t left = p.channels - first;
  const int32_t offset = p.signed_codes ? 128 : 0;
  b.first = first;
  b.channels = p.channels;
  b.mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
  b.flip = _mm512_set1_epi32(static_cast<int32_t>(p.flip));
  for (int v = 0; v < 4; v++) {
    b.initial[v] = Repeat<kLanes>(_mm512_loadu_si512(p.initial + first + 16 * v));
    b.multiplier[v] = _mm512_castsi512_ps(Repeat<kLanes>(_mm512_loadu_si512(p.multiplier + first + 16 * v)));
  }
  b.low = _mm512_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  b.high = _mm512_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  b.shift_i16 = _mm512_set1_epi16(static_cast<int16_t>(p.zero_point + offset));
  b.qmin_u8 = _mm512_set1_epi8(static_cast<char>(p.qmin + offset));
  b.qmax_u8 = _mm512_set1_epi8(static_cast<char>(p.qmax + offset));
  b.sign = _mm512_set1_epi8(static_cast<char>(offset));
  b.out = p.out + first;
  return b;
}

// Four bytes per channel from up to four rows of 64 channels.
inline Column Interleave(__m512i r0, __m512i r1, __m512i r2, __m512i r3) {
  const __m512i r01_lo = _mm512_unpacklo_epi8(r0, r1);
  const __m512i r01_hi = _mm512_unpackhi_epi8(r0, r1);
  const __m512i r23_lo = _mm512_unpacklo_epi8(r2, r3);
  const __m512i r23_hi = _mm512_unpackhi_epi8(r2, r3);
  return {{_mm512_unpacklo_epi16(r01_lo, r23_lo), _mm512_unpackhi_epi16(r01_lo, r23_lo), _mm512_unpacklo_epi16(r01_hi, r23_hi),
           _mm512_unpackhi_epi16(r01_hi, r23_hi)}};
}

// The pixels `at`, at + apart, ... of one image row, as the lanes want them.
template <Lanes kLanes>
inline __m512i LoadPixels(const Block& b, const uint8_t* at, int64_t apart) {
  if constexpr (kLanes == Lanes::kFull) return _mm512_loadu_si512(at);
  if constexpr (kLanes == Lanes::kMasked) return _mm512_maskz_loadu_epi8(b.mask, at);
  if constexpr (kLanes == Lanes::kHalves) {
    const __mmask32 mask = static_cast<__mmask32>(b.mask);
    const __m256i low = _mm256_maskz_loadu_epi8(mask, at);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), _mm256_maskz_loadu_epi8(mask, at + apart), 1);
  }
  const __mmask16 mask = static_cast<__mmask16>(b.mask);
  __m512i pixels = _mm512_castsi128_si512(_mm_maskz_loadu_epi8(mask, at));
  pixels = _mm512_inserti32x4(pixels, _mm_maskz_loadu_epi8(mask, at + apart), 1);
  pixels = _mm512_inserti32x4(pixels, _mm_maskz_loadu_epi8(mask, at + 2 * apart), 2);
  return _mm512_inserti32x4(pixels, _mm_maskz_loadu_epi8(mask, at + 3 * apart), 3);
}

inline void Accumulate(__m512i* acc, const Column& column, const __m512i* weights) {
#pragma GCC unroll 4
  for (int v = 0; v < 4; v++) acc[v] = _mm512_dpbusd_epi32(acc[v], column.v[v], weights[v]);
}

// Accumulators to codes; the packs undo the order the unpacks left. Unless products may reach 2^31, where the conversion to
// integers would wrap, the packs also saturate: to i16, then, with the zero point added, to u8. int8 codes pass as codes + 128.
template <bool kMayExceed>
inline __m512i ToCodes(const Block& b, const __m512i* acc) {
  __m512i rounded[4];
#pragma GCC unroll 4
  for (int v = 0; v < 4; v++) {
    __m512 real = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[v]), b.multiplier[v]);
    if (kMayExceed) real = _mm512_min_ps(_mm512_max_ps(real, b.low), b.high);
    rounded[v] = _mm512_cvtps_epi32(real);
  }
  const __m512i code_01 = _mm512_adds_epi16(_mm512_packs_epi32(rounded[0], rounded[1]), b.shift_i16);
  const __m512i code_23 = _mm512_adds_epi16(_mm512_packs_epi32(rounded[2], rounded[3]), b.shift_i16);
  const __m512i bytes = _mm512_packus_epi16(code_01, code_23);
  return _mm512_xor_si512(_mm512_min_epu8(_mm512_max_epu8(bytes, b.qmin_u8), b.qmax_u8), b.sign);
}

// Stores the first `parts` pixels of a register, `apart` bytes from each other.
template <Lanes kLanes>
inline void StorePixels(const Block& b, __m512i bytes, uint8_t* out, int64_t apart, int64_t parts) {
  if constexpr (kLanes == Lanes::kFull) {
    _mm512_storeu_si512(out, bytes);
  } else if constexpr (kLanes == Lanes::kMasked) {
    _mm512_mask_storeu_epi8(out, b.mask, bytes);
  } else if constexpr (kLanes == Lanes::kHalves) {
    const __mmask32 mask = static_cast<__mmask32>(b.mask);
    _mm256_mask_storeu_epi8(out, mask, _mm512_castsi512_si256(bytes));
    if (parts > 1) _mm256_mask_storeu_epi8(out + apart, mask, _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    const __mmask16 mask = static_cast<__mmask16>(b.mask);
    _mm_mask_storeu_epi8(out, mask, _mm512_castsi512_si128(bytes));
    if (parts > 1) _mm_mask_storeu_epi8(out + apart, mask, _mm512_extracti32x4_epi32(bytes, 1));
    if (parts > 2) _mm_mask_storeu_epi8(out + 2 * apart, mask, _mm512_extracti32x4_epi32(bytes, 2));
    if (parts > 3) _mm_mask_storeu_epi8(out + 3 * apart, mask, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

}  // namespace

#endif  // QK_KERNELS_DEPTHWISE_I8_BLOCKS_512_H_
