// The kernels of depthwise_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction
// set. A line: blocks of pixels, so that a weight is loaded once per block; its gradient: groups of taps, so that dy is.
#ifndef QK_KERNELS_DEPTHWISE_F32_DEPTHWISE_SIMD_H_
#define QK_KERNELS_DEPTHWISE_F32_DEPTHWISE_SIMD_H_

#include "qk/depthwise_f32.h"

namespace {

struct Whole {
  F32 Get(const float* p) const { return Load(p); }
  void Put(float* p, F32 x) const { Store(p, x); }
};
struct Part {
  int64_t lanes;
  F32 Get(const float* p) const { return LoadFirst(p, lanes); }
  void Put(float* p, F32 x) const { StoreFirst(p, x, lanes); }
};

// Pixels [p, p + kPixels) of channels [c, c + kLanes).
template <int kPixels, class Access>
inline void LineBlock(const qk::DepthwiseF32Line& line, int64_t p, int64_t c, Access access) {
  F32 acc[kPixels];
#pragma GCC unroll 8
  for (int i = 0; i < kPixels; i++) acc[i] = Set(0.0f);
  for (int64_t t = 0; t < line.count; t++) {
    const F32 weight = access.Get(line.filter + t * line.channels + c);
    const float* x = line.taps[t] + p * line.x_step + c;
#pragma GCC unroll 8
    for (int i = 0; i < kPixels; i++) acc[i] = MulAdd(access.Get(x + i * line.x_step), weight, acc[i]);
  }
  const F32 bias = line.bias != nullptr ? access.Get(line.bias + c) : Set(0.0f);
  const F32 low = Set(line.minimum), high = Set(line.maximum);
#pragma GCC unroll 8
  for (int i = 0; i < kPixels; i++) {
    access.Put(line.y + (p + i) * line.y_step + c, Min(high, Max(low, Add(acc[i], bias))));
  }
}

template <class Access>
inline void LineChannels(const qk::DepthwiseF32Line& line, int64_t c, Access access) {
  int64_t p = 0;
  for (; p + 8 <= line.pixels; p += 8) LineBlock<8>(line, p, c, access);
  for (; p + 2 <= line.pixels; p += 2) LineBlock<2>(line, p, c, access);
  for (; p < line.pixels; p++) LineBlock<1>(line, p, c, access);
}

inline void Line(const qk::DepthwiseF32Line& line) {
  int64_t c = 0;
  for (; c + kLanes <= line.channels; c += kLanes) LineChannels(line, c, Whole{});
  if (c < line.channels) LineChannels(line, c, Part{line.channels - c});
}

// Taps [t, t + kTaps) of channels [c, c + kLanes).
template <int kTaps, class Access>
inline void FilterBlock(const qk::DepthwiseF32FilterLine& line, int64_t t, int64_t c, Access access) {
  F32 acc[kTaps];
  const float* x[kTaps];
#pragma GCC unroll 9
  for (int i = 0; i < kTaps; i++) {
    acc[i] = Set(0.0f);
    x[i] = line.taps[t + i] + c;
  }
  for (int64_t p = 0; p < line.pixels; p++) {
    const F32 dy = access.Get(line.dy + p * line.dy_step + c);
#pragma GCC unroll 9
    for (int i = 0; i < kTaps; i++) acc[i] = MulAdd(access.Get(x[i] + p * line.x_step), dy, acc[i]);
  }
#pragma GCC unroll 9
  for (int i = 0; i < kTaps; i++) {
    float* out = line.out + (t + i) * line.channels + c;
    access.Put(out, Add(access.Get(out), acc[i]));
  }
}

template <class Access>
inline void FilterChannels(const qk::DepthwiseF32FilterLine& line, int64_t c, Access access) {
  int64_t t = 0;
  for (; t + 9 <= line.count; t += 9) FilterBlock<9>(line, t, c, access);
  for (; t + 4 <= line.count; t += 4) FilterBlock<4>(line, t, c, access);
  for (; t < line.count; t++) FilterBlock<1>(line, t, c, access);
}

inline void FilterLine(const qk::DepthwiseF32FilterLine& line) {
  int64_t c = 0;
  for (; c + kLanes <= line.channels; c += kLanes) FilterChannels(line, c, Whole{});
  if (c < line.channels) FilterChannels(line, c, Part{line.channels - c});
}

}  // namespace

#endif  // QK_KERNELS_DEPTHWISE_F32_DEPTHWISE_SIMD_H_
