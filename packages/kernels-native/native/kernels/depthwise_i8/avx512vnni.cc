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

// Constants of one channel block, copied out of the call so that stores of bytes cannot invalidate them.
struct Block {
  int64_t first;        // channel
  int64_t channels;
  __mmask64 mask;
  __m512i flip;
  const int8_t* weights;
  __m512i initial[4];
  __m512 multiplier[4];
  __m512 low, high;
  __m512i shift, sign;
  uint8_t* out;
};

Block MakeBlock(const DepthwiseI8Row& p, int64_t first) {
  Block b;
  const int64_t left = p.channels - first;
  const int32_t offset = p.signed_codes ? 128 : 0;
  b.first = first;
  b.channels = p.channels;
  b.mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
  b.flip = _mm512_set1_epi32(static_cast<int32_t>(p.flip));
  b.weights = p.weights + first / 64 * p.kernel_width * ((p.kernel_height + 3) / 4) * 256;
  for (int v = 0; v < 4; v++) {
    b.initial[v] = _mm512_loadu_si512(p.initial + first + 16 * v);
    b.multiplier[v] = _mm512_loadu_ps(p.multiplier + first + 16 * v);
  }
  b.low = _mm512_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  b.high = _mm512_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  b.shift = _mm512_set1_epi32(p.zero_point + offset);
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

inline __m512i LoadRow(const Block& b, const uint8_t* at) {
  return _mm512_xor_si512(_mm512_maskz_loadu_epi8(b.mask, at + b.first), b.flip);
}

inline void Accumulate(__m512i* acc, const Column& column, const int8_t* weights) {
#pragma GCC unroll 4
  for (int v = 0; v < 4; v++) {
    acc[v] = _mm512_dpbusd_epi32(acc[v], column.v[v], _mm512_loadu_si512(weights + 64 * v));
  }
}

// Accumulators to codes; the packs undo the order the unpacks left.
inline void Store(const Block& b, const __m512i* acc, int64_t x) {
  __m512i code[4];
#pragma GCC unroll 4
  for (int v = 0; v < 4; v++) {
    __m512 real = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[v]), b.multiplier[v]);
    real = _mm512_min_ps(_mm512_max_ps(real, b.low), b.high);
    code[v] = _mm512_add_epi32(_mm512_cvtps_epi32(real), b.shift);
  }
  const __m512i bytes = _mm512_packus_epi16(_mm512_packus_epi32(code[0], code[1]), _mm512_packus_epi32(code[2], code[3]));
  _mm512_mask_storeu_epi8(b.out + x * b.channels, b.mask, _mm512_xor_si512(bytes, b.sign));
}

// Windows 3 x 3 without dilation: the columns slide through registers.
template <int kStride>
[[gnu::noinline]] void SlideThree(const DepthwiseI8Row& p, int64_t first) {
  const Block b = MakeBlock(p, first);
  const uint8_t* const row0 = p.rows[0];
  const uint8_t* const row1 = p.rows[1];
  const uint8_t* const row2 = p.rows[2];
  const int64_t step0 = p.column_stride[0];
  const int64_t step1 = p.column_stride[1];
  const int64_t step2 = p.column_stride[2];
  const int64_t width = p.width;
  const int64_t out_width = p.out_width;
  const __m512i zero = _mm512_setzero_si512();
  const Column pad = [&] {
    const __m512i code = LoadRow(b, p.pad);
    return Interleave(code, code, code, zero);
  }();
  auto load = [&](int64_t x) {
    if (x < 0 || x >= width) return pad;
    return Interleave(LoadRow(b, row0 + x * step0), LoadRow(b, row1 + x * step1), LoadRow(b, row2 + x * step2), zero);
  };
  int64_t x = -p.pad_left;
  Column c0 = load(x);
  Column c1 = load(x + 1);
  for (int64_t ox = 0; ox < out_width; ox++, x += kStride) {
    const Column c2 = load(x + 2);
    __m512i acc[4] = {b.initial[0], b.initial[1], b.initial[2], b.initial[3]};
    Accumulate(acc, c0, b.weights);
    Accumulate(acc, c1, b.weights + 256);
    Accumulate(acc, c2, b.weights + 512);
    Store(b, acc, ox);
    if constexpr (kStride == 1) {
      c0 = c1;
      c1 = c2;
    } else {
      c0 = c2;
      if (ox + 1 < out_width) c1 = load(x + 3);
    }
  }
}

void AnyWindow(const DepthwiseI8Row& p, int64_t first) {
  const Block b = MakeBlock(p, first);
  for (int64_t ox = 0; ox < p.out_width; ox++) {
    __m512i acc[4] = {b.initial[0], b.initial[1], b.initial[2], b.initial[3]};
    const int8_t* weights = b.weights;
    for (int64_t j = 0; j < p.kernel_width; j++) {
      const int64_t x = ox * p.stride_x + j * p.dilation_x - p.pad_left;
      const bool inside = x >= 0 && x < p.width;
      for (int64_t row0 = 0; row0 < p.kernel_height; row0 += 4, weights += 256) {
        __m512i r[4];
        for (int64_t i = 0; i < 4; i++) {
          const int64_t row = row0 + i;
          r[i] = row >= p.kernel_height ? _mm512_setzero_si512()
                                        : LoadRow(b, inside ? p.rows[row] + x * p.column_stride[row] : p.pad);
        }
        Accumulate(acc, Interleave(r[0], r[1], r[2], r[3]), weights);
      }
    }
    Store(b, acc, ox);
  }
}

}  // namespace

extern "C" void qk_depthwise_i8__avx512vnni(const DepthwiseI8Row& p) {
  const bool slides = p.kernel_width == 3 && p.kernel_height == 3 && p.dilation_x == 1 && p.stride_x <= 2;
  for (int64_t first = 0; first < p.channels; first += 64) {
    if (!slides) {
      AnyWindow(p, first);
    } else if (p.stride_x == 1) {
      SlideThree<1>(p, first);
    } else {
      SlideThree<2>(p, first);
    }
  }
}
