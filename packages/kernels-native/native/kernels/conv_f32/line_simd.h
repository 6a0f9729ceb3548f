// The line of conv_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction set.
//
//   x pixel   q = 0     1     2     3    ...        per channel and window line: three loads of the filter, kPixels + 2
//   output 0      w0    w1    w2                    broadcasts of x, 3 kPixels multiply-adds
//   output 1            w0    w1    w2
//   output 2                  w0    w1   ...
#ifndef QK_KERNELS_CONV_F32_LINE_SIMD_H_
#define QK_KERNELS_CONV_F32_LINE_SIMD_H_

#include "qk/conv_f32.h"

namespace {

template <bool kWhole>
inline F32 LoadOutputs(const float* p, int64_t count) {
  return kWhole ? Load(p) : LoadFirst(p, count);
}

// Outputs [p, p + kPixels).
template <int kPixels, bool kWhole>
inline void LineBlock(const qk::ConvF32Line& line, int64_t p) {
  F32 acc[kPixels];
#pragma GCC unroll 16
  for (int i = 0; i < kPixels; i++) acc[i] = Set(0.0f);
  const int64_t channels = line.channels, stride = line.filter_stride, columns = line.columns;
  const int64_t next = channels * stride;
  for (int64_t t = 0; t < line.tap_count; t++) {
    const float* filter = line.filter + 3 * t * next;
    // Every sixth pixel has a pointer; the five behind it are at fixed distances, so that all addresses fit in registers.
    const float* x[(kPixels + 7) / 6];
#pragma GCC unroll 3
    for (int i = 0; i < (kPixels + 7) / 6; i++) x[i] = line.x + line.taps[t] + (p + 6 * i) * channels;
    for (int64_t c = 0; c < channels; c++) {
      const F32 w0 = LoadOutputs<kWhole>(filter, columns), w1 = LoadOutputs<kWhole>(filter + next, columns);
      const F32 w2 = LoadOutputs<kWhole>(filter + 2 * next, columns);
#pragma GCC unroll 18
      for (int q = 0; q < kPixels + 2; q++) {
        const F32 value = Set(x[q / 6][q % 6 * channels]);
        if (q < kPixels) acc[q] = MulAdd(value, w0, acc[q]);
        if (q >= 1 && q < kPixels + 1) acc[q - 1] = MulAdd(value, w1, acc[q - 1]);
        if (q >= 2) acc[q - 2] = MulAdd(value, w2, acc[q - 2]);
      }
#pragma GCC unroll 3
      for (int i = 0; i < (kPixels + 7) / 6; i++) x[i]++;
      filter += stride;
    }
  }
  const F32 low = Set(line.minimum), high = Set(line.maximum);
  if (line.bias != nullptr) {
    const F32 bias = LoadOutputs<kWhole>(line.bias, columns);
#pragma GCC unroll 16
    for (int i = 0; i < kPixels; i++) acc[i] = Add(acc[i], bias);
  }
  const int64_t y_pixel = line.y_pixel;
  if (line.residual != nullptr) {
    const float* residual = line.residual + p * y_pixel;
#pragma GCC unroll 16
    for (int i = 0; i < kPixels; i++) acc[i] = Add(acc[i], LoadOutputs<kWhole>(residual + i * y_pixel, columns));
  }
  float* y = line.y + p * y_pixel;
#pragma GCC unroll 16
  for (int i = 0; i < kPixels; i++) {
    const F32 result = Min(high, Max(low, acc[i]));
    if (kWhole) {
      Store(y + i * y_pixel, result);
    } else {
      StoreFirst(y + i * y_pixel, result, columns);
    }
  }
}

template <int kPixels, bool kWhole>
inline void LineAll(const qk::ConvF32Line& line) {
  int64_t p = 0;
  for (; p + kPixels <= line.pixels; p += kPixels) LineBlock<kPixels, kWhole>(line, p);
  for (; p + 4 <= line.pixels; p += 4) LineBlock<4, kWhole>(line, p);
  for (; p < line.pixels; p++) LineBlock<1, kWhole>(line, p);
}

template <int kPixels>
inline void RunLine(const qk::ConvF32Line& line) {
  line.columns == kLanes ? LineAll<kPixels, true>(line) : LineAll<kPixels, false>(line);
}

}  // namespace

#endif  // QK_KERNELS_CONV_F32_LINE_SIMD_H_
