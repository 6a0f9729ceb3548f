// The kernels of softmax_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction set.
#ifndef QK_KERNELS_SOFTMAX_F32_SOFTMAX_SIMD_H_
#define QK_KERNELS_SOFTMAX_F32_SOFTMAX_SIMD_H_

#include "../simd/math_f32.h"
#include "qk/softmax_f32.h"

namespace {

// Calls body(column, lanes) for vectors that cover [0, columns); the last one may be partial.
template <class Body>
inline void ForVectors(int64_t columns, Body body) {
  for (int64_t c = 0; c < columns; c += kLanes) body(c, columns - c < kLanes ? columns - c : kLanes);
}

// The first `lanes` values of x, the other lanes from `rest`.
inline F32 Keep(F32 x, int64_t lanes, F32 rest) {
  if (lanes == kLanes) return x;
  float all[kLanes];
  Store(all, rest);
  StoreFirst(all, x, lanes);
  return Load(all);
}

inline F32 LoadSome(const float* p, int64_t lanes) { return lanes == kLanes ? Load(p) : LoadFirst(p, lanes); }
inline void StoreSome(float* p, F32 x, int64_t lanes) {
  if (lanes == kLanes) {
    Store(p, x);
  } else {
    StoreFirst(p, x, lanes);
  }
}

inline float RowMax(const float* x, int64_t columns) {
  F32 max = Set(-__builtin_inff());
  ForVectors(columns, [&](int64_t c, int64_t lanes) {
    const F32 v = Keep(LoadSome(x + c, lanes), lanes, Set(-__builtin_inff()));
    max = Select(IsNan(max), max, Max(max, v));
  });
  float all[kLanes];
  Store(all, max);
  float result = all[0];
  for (int64_t i = 1; i < kLanes; i++) result = all[i] > result || all[i] != all[i] ? all[i] : result;
  return result;
}

// y = e^(x - max) (y may be null), returns the sum.
inline float ExpRow(const float* x, int64_t columns, float max, float* y) {
  F32 sum = Set(0.0f);
  ForVectors(columns, [&](int64_t c, int64_t lanes) {
    const F32 e = Exp(Sub(LoadSome(x + c, lanes), Set(max)));
    if (y != nullptr) StoreSome(y + c, e, lanes);
    sum = Add(sum, Keep(e, lanes, Set(0.0f)));
  });
  return SumLanes(sum);
}

inline void SoftmaxRows(const float* x, int64_t rows, int64_t columns, float* y) {
  for (int64_t r = 0; r < rows; r++, x += columns, y += columns) {
    const F32 sum = Set(ExpRow(x, columns, RowMax(x, columns), y));
    ForVectors(columns, [=](int64_t c, int64_t lanes) { StoreSome(y + c, Div(LoadSome(y + c, lanes), sum), lanes); });
  }
}

inline float LogOf(float x) {
  float all[kLanes];
  Store(all, Log(Set(x)));
  return all[0];
}

inline void LogSoftmaxRows(const float* x, int64_t rows, int64_t columns, float* y) {
  for (int64_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float max = RowMax(x, columns), log_sum = LogOf(ExpRow(x, columns, max, nullptr));
    ForVectors(columns, [=](int64_t c, int64_t lanes) {
      StoreSome(y + c, Sub(Sub(LoadSome(x + c, lanes), Set(max)), Set(log_sum)), lanes);
    });
  }
}

inline void GradientRows(const float* dy, const float* y, int64_t rows, int64_t columns, float* dx) {
  for (int64_t r = 0; r < rows; r++, dy += columns, y += columns, dx += columns) {
    F32 sum = Set(0.0f);
    ForVectors(columns, [&](int64_t c, int64_t lanes) { sum = MulAdd(LoadSome(dy + c, lanes), LoadSome(y + c, lanes), sum); });
    const F32 total = Set(SumLanes(sum));
    ForVectors(columns, [=](int64_t c, int64_t lanes) {
      StoreSome(dx + c, Mul(LoadSome(y + c, lanes), Sub(LoadSome(dy + c, lanes), total)), lanes);
    });
  }
}

inline void LogGradientRows(const float* dy, const float* y, int64_t rows, int64_t columns, float* dx) {
  for (int64_t r = 0; r < rows; r++, dy += columns, y += columns, dx += columns) {
    F32 sum = Set(0.0f);
    ForVectors(columns, [&](int64_t c, int64_t lanes) { sum = Add(LoadSome(dy + c, lanes), sum); });
    const F32 total = Set(SumLanes(sum));
    ForVectors(columns, [=](int64_t c, int64_t lanes) {
      StoreSome(dx + c, NegativeMulAdd(Exp(LoadSome(y + c, lanes)), total, LoadSome(dy + c, lanes)), lanes);
    });
  }
}

inline void CrossEntropyRows(const float* logits, const float* labels, int64_t rows, int64_t columns, float* loss,
                             float* dlogits) {
  for (int64_t r = 0; r < rows; r++, logits += columns, labels += columns) {
    float* out = dlogits != nullptr ? dlogits + r * columns : nullptr;
    const float max = RowMax(logits, columns), sum = ExpRow(logits, columns, max, out), log_sum = LogOf(sum);
    F32 total = Set(0.0f), weight = Set(0.0f);
    ForVectors(columns, [&](int64_t c, int64_t lanes) {
      const F32 label = LoadSome(labels + c, lanes);
      total = MulAdd(label, Sub(Set(log_sum), Sub(LoadSome(logits + c, lanes), Set(max))), total);
      weight = Add(weight, label);
    });
    loss[r] = SumLanes(total);
    if (out == nullptr) continue;
    const F32 factor = Set(SumLanes(weight) / sum);
    ForVectors(columns, [=](int64_t c, int64_t lanes) {
      StoreSome(out + c, Sub(Mul(LoadSome(out + c, lanes), factor), LoadSome(labels + c, lanes)), lanes);
    });
  }
}

}  // namespace

#endif  // QK_KERNELS_SOFTMAX_F32_SOFTMAX_SIMD_H_
