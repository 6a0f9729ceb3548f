// The transforms of winograd_f32 for a vector type F32 of kLanes floats (kernels/simd): channels in lanes. Included by one file
// per instruction set.
#ifndef QK_KERNELS_WINOGRAD_F32_WINOGRAD_SIMD_H_
#define QK_KERNELS_WINOGRAD_F32_WINOGRAD_SIMD_H_

#include "qk/winograd_f32.h"

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

// Calls body(channel, access) for vectors that cover [0, channels).
template <class Body>
inline void ForChannels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) body(c, Whole{});
  if (c < channels) body(c, Part{channels - c});
}

struct Four {
  F32 v[4];
};

// B' v.
inline Four InputSide(F32 a, F32 b, F32 c, F32 d) { return {{Sub(a, c), Add(b, c), Sub(c, b), Sub(b, d)}}; }

// Neighbouring tiles share two columns: their vertical half is kept.
inline void Input(const qk::WinogradF32Input& call) {
  ForChannels(call.channels, [&call](int64_t c, auto access) {
    const int64_t line = call.line, channels = call.channels, position = call.position;
    const float* x = call.x + c;
    float* out = call.out + c;
    const auto column = [=](const float* p) {
      return InputSide(access.Get(p), access.Get(p + line), access.Get(p + 2 * line), access.Get(p + 3 * line));
    };
    Four first = column(x), second = column(x + channels);
    for (int64_t t = 0; t < call.tiles; t++, x += 2 * channels, out += channels) {
      const Four third = column(x + 2 * channels), fourth = column(x + 3 * channels);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        const Four row = InputSide(first.v[i], second.v[i], third.v[i], fourth.v[i]);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) access.Put(out + (4 * i + j) * position, row.v[j]);
      }
      first = third;
      second = fourth;
    }
  });
}

template <bool kWithBias, bool kWithResidual>
inline void OutputOf(const qk::WinogradF32Output& call) {
  const F32 low = Set(call.minimum), high = Set(call.maximum);
  ForChannels(call.channels, [&call, low, high](int64_t c, auto access) {
    const int64_t channels = call.channels, position = call.position;
    const F32 bias = kWithBias ? access.Get(call.bias + c) : Set(0.0f);
    const auto put = [&call, access, low, high, bias](int64_t at, F32 sum) {
      if (kWithBias) sum = Add(sum, bias);
      if (kWithResidual) sum = Add(sum, access.Get(call.residual + at));
      access.Put(call.y + at, Min(high, Max(low, sum)));
    };
    const float* m = call.products + c;
    for (int64_t t = 0; t < call.tiles; t++, m += channels) {
      F32 upper[4], lower[4];
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        const F32 a = access.Get(m + j * position), b = access.Get(m + (4 + j) * position);
        const F32 d = access.Get(m + (8 + j) * position), e = access.Get(m + (12 + j) * position);
        upper[j] = Add(Add(a, b), d);
        lower[j] = Sub(Sub(b, d), e);
      }
      const int64_t at = 2 * t * channels + c;
      const bool both = 2 * t + 1 < call.pixels;
      put(at, Add(Add(upper[0], upper[1]), upper[2]));
      if (both) put(at + channels, Sub(Sub(upper[1], upper[2]), upper[3]));
      if (call.lines < 2) continue;
      put(at + call.line, Add(Add(lower[0], lower[1]), lower[2]));
      if (both) put(at + call.line + channels, Sub(Sub(lower[1], lower[2]), lower[3]));
    }
  });
}

inline void Output(const qk::WinogradF32Output& call) {
  if (call.bias != nullptr) {
    call.residual != nullptr ? OutputOf<true, true>(call) : OutputOf<true, false>(call);
  } else {
    call.residual != nullptr ? OutputOf<false, true>(call) : OutputOf<false, false>(call);
  }
}

// G v.
inline Four FilterSide(F32 a, F32 b, F32 c) {
  const F32 even = Mul(Set(0.5f), Add(a, c)), odd = Mul(Set(0.5f), b);
  return {{a, Add(even, odd), Sub(even, odd), c}};
}

inline void Filter(const float* filter, int64_t count, float* out) {
  ForChannels(count, [=](int64_t i, auto access) {
    const float* g = filter + i;
    Four columns[3];
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) {
      columns[j] = FilterSide(access.Get(g + j * count), access.Get(g + (3 + j) * count), access.Get(g + (6 + j) * count));
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
      const Four row = FilterSide(columns[0].v[r], columns[1].v[r], columns[2].v[r]);
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) access.Put(out + (4 * r + j) * count + i, row.v[j]);
    }
  });
}

}  // namespace

#endif  // QK_KERNELS_WINOGRAD_F32_WINOGRAD_SIMD_H_
