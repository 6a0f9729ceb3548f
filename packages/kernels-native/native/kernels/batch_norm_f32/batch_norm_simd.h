// The kernels of batch_norm_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction
// set. Channels go by blocks of kBlock vectors, so that wide rows are read line by line and four sums run at once.
#ifndef QK_KERNELS_BATCH_NORM_F32_BATCH_NORM_SIMD_H_
#define QK_KERNELS_BATCH_NORM_F32_BATCH_NORM_SIMD_H_

#include "qk/batch_norm_f32.h"

namespace {

constexpr int64_t kBlock = 4;

// Loads and stores of whole vectors, and of the last one where the channels end inside it.
struct Whole {
  F32 Get(const float* p) const { return Load(p); }
  void Put(float* p, F32 x) const { Store(p, x); }
};
struct Part {
  int64_t lanes;
  F32 Get(const float* p) const { return LoadFirst(p, lanes); }
  void Put(float* p, F32 x) const { StoreFirst(p, x, lanes); }
};

// Calls body(first channel, vectors as a type, access) for blocks that cover [0, channels).
template <int kCount>
struct Vectors {
  static constexpr int kVectors = kCount;
};
template <class Body>
inline void ForChannels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + kBlock * kLanes <= channels; c += kBlock * kLanes) body(c, Vectors<kBlock>{}, Whole{});
  for (; c + kLanes <= channels; c += kLanes) body(c, Vectors<1>{}, Whole{});
  if (c < channels) body(c, Vectors<1>{}, Part{channels - c});
}

inline F32 Positive(F32 y, F32 dy) { return Select(Less(Set(0.0f), y), dy, Set(0.0f)); }

inline void Sums(const float* x, int64_t rows, int64_t channels, const float* shift, float* sum, float* squares) {
  ForChannels(channels, [=](int64_t c, auto vectors, auto access) {
    constexpr int kVectors = decltype(vectors)::kVectors;
    F32 shifts[kVectors], sums[kVectors], products[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      shifts[v] = access.Get(shift + c + v * kLanes);
      sums[v] = products[v] = Set(0.0f);
    }
    for (int64_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        const F32 centred = Sub(access.Get(x + r * channels + c + v * kLanes), shifts[v]);
        sums[v] = Add(sums[v], centred);
        products[v] = MulAdd(centred, centred, products[v]);
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      access.Put(sum + c + v * kLanes, sums[v]);
      access.Put(squares + c + v * kLanes, products[v]);
    }
  });
}

template <bool kWithResidual>
inline void ApplyAll(const float* x, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset,
                     const float* residual, float minimum, float maximum, float* y) {
  const F32 low = Set(minimum), high = Set(maximum);
  ForChannels(channels, [=](int64_t c, auto vectors, auto access) {
    constexpr int kVectors = decltype(vectors)::kVectors;
    F32 means[kVectors], scales[kVectors], offsets[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      means[v] = access.Get(mean + c + v * kLanes);
      scales[v] = access.Get(scale + c + v * kLanes);
      offsets[v] = access.Get(offset + c + v * kLanes);
    }
    for (int64_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        const int64_t i = r * channels + c + v * kLanes;
        F32 value = MulAdd(Sub(access.Get(x + i), means[v]), scales[v], offsets[v]);
        if (kWithResidual) value = Add(value, access.Get(residual + i));
        access.Put(y + i, Min(high, Max(low, value)));
      }
    }
  });
}

inline void Apply(const float* x, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset,
                  const float* residual, float minimum, float maximum, float* y) {
  if (residual != nullptr) {
    ApplyAll<true>(x, rows, channels, mean, scale, offset, residual, minimum, maximum, y);
  } else {
    ApplyAll<false>(x, rows, channels, mean, scale, offset, residual, minimum, maximum, y);
  }
}

template <bool kMasked>
inline void GradientSumsOf(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels, const float* mean,
                           float* sum, float* products) {
  ForChannels(channels, [=](int64_t c, auto vectors, auto access) {
    constexpr int kVectors = decltype(vectors)::kVectors;
    F32 means[kVectors], sums[kVectors], sums_of_products[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      means[v] = access.Get(mean + c + v * kLanes);
      sums[v] = sums_of_products[v] = Set(0.0f);
    }
    for (int64_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        const int64_t i = r * channels + c + v * kLanes;
        F32 g = access.Get(dy + i);
        if (kMasked) g = Positive(access.Get(y + i), g);
        sums[v] = Add(sums[v], g);
        sums_of_products[v] = MulAdd(g, Sub(access.Get(x + i), means[v]), sums_of_products[v]);
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      access.Put(sum + c + v * kLanes, sums[v]);
      access.Put(products + c + v * kLanes, sums_of_products[v]);
    }
  });
}

inline void GradientSums(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels, const float* mean,
                         float* sum, float* products) {
  if (y != nullptr) {
    GradientSumsOf<true>(dy, x, y, rows, channels, mean, sum, products);
  } else {
    GradientSumsOf<false>(dy, x, y, rows, channels, mean, sum, products);
  }
}

template <bool kMasked>
inline void GradientOf(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels, const float* mean,
                       const float* base, const float* slope, const float* scale, float* dx) {
  ForChannels(channels, [=](int64_t c, auto vectors, auto access) {
    constexpr int kVectors = decltype(vectors)::kVectors;
    F32 means[kVectors], bases[kVectors], slopes[kVectors], scales[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) {
      means[v] = access.Get(mean + c + v * kLanes);
      bases[v] = access.Get(base + c + v * kLanes);
      slopes[v] = access.Get(slope + c + v * kLanes);
      scales[v] = access.Get(scale + c + v * kLanes);
    }
    for (int64_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        const int64_t i = r * channels + c + v * kLanes;
        F32 g = access.Get(dy + i);
        if (kMasked) g = Positive(access.Get(y + i), g);
        const F32 centred = Sub(access.Get(x + i), means[v]);
        access.Put(dx + i, Mul(NegativeMulAdd(centred, slopes[v], Sub(g, bases[v])), scales[v]));
      }
    }
  });
}

inline void Gradient(const float* dy, const float* x, const float* y, int64_t rows, int64_t channels, const float* mean,
                     const float* base, const float* slope, const float* scale, float* dx) {
  if (y != nullptr) {
    GradientOf<true>(dy, x, y, rows, channels, mean, base, slope, scale, dx);
  } else {
    GradientOf<false>(dy, x, y, rows, channels, mean, base, slope, scale, dx);
  }
}

}  // namespace

#endif  // QK_KERNELS_BATCH_NORM_F32_BATCH_NORM_SIMD_H_
