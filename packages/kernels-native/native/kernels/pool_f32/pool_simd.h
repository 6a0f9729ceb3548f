// The kernels of pool_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction set.
#ifndef QK_KERNELS_POOL_F32_POOL_SIMD_H_
#define QK_KERNELS_POOL_F32_POOL_SIMD_H_

#include "qk/pool_f32.h"

namespace {

// Calls body(channel, lanes) for vectors that cover [0, channels); the last one may be partial.
template <class Body>
inline void ForVectors(int64_t channels, Body body) {
  for (int64_t c = 0; c < channels; c += kLanes) body(c, channels - c < kLanes ? channels - c : kLanes);
}

inline F32 LoadSome(const float* p, int64_t lanes) { return lanes == kLanes ? Load(p) : LoadFirst(p, lanes); }
inline void StoreSome(float* p, F32 x, int64_t lanes) {
  if (lanes == kLanes) {
    Store(p, x);
  } else {
    StoreFirst(p, x, lanes);
  }
}

inline void PoolMax(const float* const* taps, int64_t count, int64_t channels, float* y) {
  ForVectors(channels, [=](int64_t c, int64_t lanes) {
    F32 max = LoadSome(taps[0] + c, lanes);
    for (int64_t t = 1; t < count; t++) max = Max(LoadSome(taps[t] + c, lanes), max);
    StoreSome(y + c, max, lanes);
  });
}

inline void PoolSum(const float* const* taps, int64_t count, int64_t channels, float scale, float* y) {
  ForVectors(channels, [=](int64_t c, int64_t lanes) {
    F32 sum = Set(0.0f);
    for (int64_t t = 0; t < count; t++) sum = Add(sum, LoadSome(taps[t] + c, lanes));
    StoreSome(y + c, Mul(Set(scale), sum), lanes);
  });
}

inline void PoolMaxGradient(const float* const* taps, const float* y, const float* dy, int64_t count, int64_t channels,
                            float* const* dtaps) {
  ForVectors(channels, [=](int64_t c, int64_t lanes) {
    const F32 max = LoadSome(y + c, lanes);
    F32 rest = LoadSome(dy + c, lanes);  // what no pixel has taken yet
    for (int64_t t = 0; t < count; t++) {
      const Mask takes = Equal(LoadSome(taps[t] + c, lanes), max);
      StoreSome(dtaps[t] + c, Add(LoadSome(dtaps[t] + c, lanes), Select(takes, rest, Set(0.0f))), lanes);
      rest = Select(takes, Set(0.0f), rest);
    }
  });
}

inline void PoolSumGradient(const float* dy, int64_t count, int64_t channels, float scale, float* const* dtaps) {
  ForVectors(channels, [=](int64_t c, int64_t lanes) {
    const F32 share = Mul(Set(scale), LoadSome(dy + c, lanes));
    for (int64_t t = 0; t < count; t++) StoreSome(dtaps[t] + c, Add(LoadSome(dtaps[t] + c, lanes), share), lanes);
  });
}

}  // namespace

#endif  // QK_KERNELS_POOL_F32_POOL_SIMD_H_
