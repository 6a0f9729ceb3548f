// depthwise_i8__avx512vnni: 64 channels at a time. Four image rows of one column interleave to four registers of
// 16 channels x 4 rows (8 byte unpacks), ready for vpdpbusd. A 3-wide window keeps its three interleaved columns in registers
// and loads only the new ones; each loaded column serves up to three outputs.
// Reads only bytes of existing channels: loads of the last block are masked.
// Exactness: integer, bit-identical to scalar.
#include "blocks_512.h"

namespace {

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
    auto pixels = [&](int row) { return flip(LoadPixels<kLanes>(b, rows[row] + x * steps[row], part * kStride * steps[row])); };
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
