// depthwise_i8__avx512vnni: 64 channels at a time. Four image rows of one column interleave to four registers of
// 16 channels x 4 rows (8 byte unpacks), ready for vpdpbusd. A 3-wide window keeps its three interleaved columns in registers
// and loads only the new ones; each loaded column serves up to three outputs.
// Reads only bytes of existing channels: loads of the last block are masked.
// Exactness: integer, bit-identical to scalar.
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
  int64_t first;        // channel
  int64_t channels;
  __mmask64 mask;       // of the channels of one pixel
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
  return {{_mm512_unpacklo_epi16(r01_lo, r23_lo), _mm512_unpackhi_epi16(r01_lo, r23_lo),
           _mm512_unpacklo_epi16(r01_hi, r23_hi), _mm512_unpackhi_epi16(r01_hi, r23_hi)}};
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

// Windows 3 x 3 without dilation: interleaved columns slide through registers. With two output rows the columns hold four image
// rows; the second row's weights are the first's, one byte up. Where a register holds several pixels they slide in parallel,
// each through its own part of the row.
template <int kStride, int kRows, bool kFlip, Lanes kLanes>
[[gnu::noinline]] void SlideThree(const DepthwiseI8Row& p, int64_t first) {
  constexpr int kParts = PartsOf(kLanes);
  const Block b = MakeBlock<kLanes>(p, first);
  const uint8_t* rows[4];
  int64_t steps[4];
  for (int i = 0; i < 2 + kRows; i++) {
    rows[i] = p.rows[i] + first;
    steps[i] = p.column_stride[i];
  }
  __m512i weights[kRows][12];
  for (int i = 0; i < 12; i++) {
    weights[0][i] = Repeat<kLanes>(_mm512_loadu_si512(p.weights + first / 64 * 768 + 64 * i));
    if constexpr (kRows == 2) weights[1][i] = _mm512_slli_epi32(weights[0][i], 8);
  }
  const uint8_t* const pad = p.pad + first;
  const int64_t width = p.width;
  const int64_t out_width = p.out_width;
  const int64_t part = (out_width + kParts - 1) / kParts;  // output columns per part
  auto flip = [&](__m512i codes) { return kFlip ? _mm512_xor_si512(codes, b.flip) : codes; };
  const __m512i pad_codes = flip(LoadPixels<kLanes>(b, pad, 0));
  const Column pad_column = Interleave(pad_codes, pad_codes, pad_codes, pad_codes);
  // Where some of several pixels lie outside the image: one by one.
  auto gather = [&](int row, int64_t x) {
    alignas(64) uint8_t bytes[64] = {};
    constexpr int64_t kBytes = 64 / kParts;
    const int64_t count = p.channels - first < kBytes ? p.channels - first : kBytes;
    for (int64_t q = 0; q < kParts; q++) {
      const int64_t column = x + q * part * kStride;
      const uint8_t* from = column < 0 || column >= width ? pad : rows[row] + column * steps[row];
      __builtin_memcpy(bytes + q * kBytes, from, static_cast<size_t>(count));
    }
    return flip(_mm512_load_si512(bytes));
  };
  auto load = [&](int64_t x) {
    if (x < 0 || x + (kParts - 1) * part * kStride >= width) {
      if constexpr (kParts == 1) return pad_column;
      const __m512i last = kRows == 2 ? gather(3, x) : _mm512_setzero_si512();
      return Interleave(gather(0, x), gather(1, x), gather(2, x), last);
    }
    auto pixels = [&](int row) {
      return flip(LoadPixels<kLanes>(b, rows[row] + x * steps[row], part * kStride * steps[row]));
    };
    return Interleave(pixels(0), pixels(1), pixels(2), kRows == 2 ? pixels(3) : _mm512_setzero_si512());
  };
  int64_t x = -p.pad_left;
  Column c0 = load(x);
  Column c1 = load(x + 1);
  for (int64_t ox = 0; ox < part; ox++, x += kStride) {
    const Column c2 = load(x + 2);
    const int64_t parts = kParts == 1 ? 1 : (out_width - ox + part - 1) / part;
#pragma GCC unroll 2
    for (int r = 0; r < kRows; r++) {
      __m512i acc[4] = {b.initial[0], b.initial[1], b.initial[2], b.initial[3]};
      Accumulate(acc, c0, weights[r]);
      Accumulate(acc, c1, weights[r] + 4);
      Accumulate(acc, c2, weights[r] + 8);
      uint8_t* out = b.out + (r * out_width + ox) * b.channels;
      StorePixels<kLanes>(b, ToCodes<false>(b, acc), out, part * b.channels, parts);
    }
    if constexpr (kStride == 1) {
      c0 = c1;
      c1 = c2;
    } else {
      c0 = c2;
      if (ox + 1 < part) c1 = load(x + 3);
    }
  }
}

void AnyWindow(const DepthwiseI8Row& p, int64_t first, int64_t out_row) {
  const Block b = MakeBlock<Lanes::kMasked>(p, first);
  const int64_t row_groups = (p.kernel_height + 3) / 4;
  auto load = [&](const uint8_t* at) { return _mm512_xor_si512(_mm512_maskz_loadu_epi8(b.mask, at + first), b.flip); };
  for (int64_t ox = 0; ox < p.out_width; ox++) {
    __m512i acc[4] = {b.initial[0], b.initial[1], b.initial[2], b.initial[3]};
    const int8_t* weights = p.weights + first / 64 * p.kernel_width * row_groups * 256;
    for (int64_t j = 0; j < p.kernel_width; j++) {
      const int64_t x = ox * p.stride_x + j * p.dilation_x - p.pad_left;
      const bool inside = x >= 0 && x < p.width;
      for (int64_t row0 = 0; row0 < p.kernel_height; row0 += 4, weights += 256) {
        __m512i r[4];
        for (int64_t i = 0; i < 4; i++) {
          const int64_t row = out_row + row0 + i;
          r[i] = row0 + i >= p.kernel_height ? _mm512_setzero_si512()
                                             : load(inside ? p.rows[row] + x * p.column_stride[row] : p.pad);
        }
        const __m512i taps[4] = {_mm512_loadu_si512(weights), _mm512_loadu_si512(weights + 64),
                                 _mm512_loadu_si512(weights + 128), _mm512_loadu_si512(weights + 192)};
        Accumulate(acc, Interleave(r[0], r[1], r[2], r[3]), taps);
      }
    }
    uint8_t* out = b.out + (out_row * p.out_width + ox) * p.channels;
    StorePixels<Lanes::kMasked>(b, ToCodes<true>(b, acc), out, 0, 1);
  }
}

template <bool kFlip, Lanes kLanes>
void Slide(const DepthwiseI8Row& p, int64_t first) {
  if (p.stride_x == 2) {
    SlideThree<2, 1, kFlip, kLanes>(p, first);
  } else if (p.out_rows == 2) {
    SlideThree<1, 2, kFlip, kLanes>(p, first);
  } else {
    SlideThree<1, 1, kFlip, kLanes>(p, first);
  }
}

template <Lanes kLanes>
void Slide(const DepthwiseI8Row& p, int64_t first) {
  p.flip != 0 ? Slide<true, kLanes>(p, first) : Slide<false, kLanes>(p, first);
}

}  // namespace

extern "C" void qk_depthwise_i8__avx512vnni(const DepthwiseI8Row& p) {
  const bool is_three = p.kernel_width == 3 && p.kernel_height == 3 && p.dilation_x == 1;
  const bool is_fast = is_three && !p.may_exceed && (p.stride_x == 1 || (p.stride_x == 2 && p.out_rows == 1));
  for (int64_t first = 0; first < p.channels; first += 64) {
    const int64_t left = p.channels - first;
    if (!is_fast) {
      for (int64_t r = 0; r < p.out_rows; r++) AnyWindow(p, first, r);
    } else if (left >= 64) {
      Slide<Lanes::kFull>(p, first);
    } else if (left <= 16) {
      Slide<Lanes::kQuarters>(p, first);
    } else if (left <= 32) {
      Slide<Lanes::kHalves>(p, first);
    } else {
      Slide<Lanes::kMasked>(p, first);
    }
  }
}
