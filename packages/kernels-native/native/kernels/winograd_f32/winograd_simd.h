// winograd_f32 for a vector type F32 of kLanes floats (kernels/simd): channels in lanes. Included by one file per instruction
// set.
#ifndef QK_KERNELS_WINOGRAD_F32_WINOGRAD_SIMD_H_
#define QK_KERNELS_WINOGRAD_F32_WINOGRAD_SIMD_H_

#include "qk/winograd_f32.h"

namespace {

constexpr float kA = 0.75f, kA2 = kA * kA, kA3 = kA2 * kA;
constexpr float kB = 1.5f, kB2 = kB * kB, kB3 = kB2 * kB;
constexpr float kK = 1 / (2 * kA2 * (kA2 - kB2)), kL = 1 / (2 * kB2 * (kB2 - kA2));

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

struct Six {
  F32 v[6];
};
struct Four {
  F32 v[4];
};

// B' x.
inline Six InputSide(const Six& x) {
  const F32 product = Set(kA2 * kB2), sum = Set(kA2 + kB2), a = Set(kA), b = Set(kB), a2 = Set(kA2), b2 = Set(kB2);
  const F32 even_a = NegativeMulAdd(b2, x.v[2], x.v[4]), odd_a = NegativeMulAdd(b2, x.v[1], x.v[3]);
  const F32 even_b = NegativeMulAdd(a2, x.v[2], x.v[4]), odd_b = NegativeMulAdd(a2, x.v[1], x.v[3]);
  return {{MulAdd(product, x.v[0], NegativeMulAdd(sum, x.v[2], x.v[4])), MulAdd(a, odd_a, even_a),
           NegativeMulAdd(a, odd_a, even_a), MulAdd(b, odd_b, even_b), NegativeMulAdd(b, odd_b, even_b),
           MulAdd(product, x.v[1], NegativeMulAdd(sum, x.v[3], x.v[5]))}};
}

// A' m.
inline Four OutputSide(const Six& m) {
  const F32 even_a = Add(m.v[1], m.v[2]), odd_a = Sub(m.v[1], m.v[2]);
  const F32 even_b = Add(m.v[3], m.v[4]), odd_b = Sub(m.v[3], m.v[4]);
  return {{Add(Add(m.v[0], even_a), even_b), MulAdd(Set(kA), odd_a, Mul(Set(kB), odd_b)),
           MulAdd(Set(kA2), even_a, Mul(Set(kB2), even_b)), MulAdd(Set(kA3), odd_a, MulAdd(Set(kB3), odd_b, m.v[5]))}};
}

// A d.
inline Six GradientSide(const Four& d) {
  const F32 even_a = MulAdd(Set(kA2), d.v[2], d.v[0]), odd_a = MulAdd(Set(kA2), d.v[3], d.v[1]);
  const F32 even_b = MulAdd(Set(kB2), d.v[2], d.v[0]), odd_b = MulAdd(Set(kB2), d.v[3], d.v[1]);
  return {{d.v[0], MulAdd(Set(kA), odd_a, even_a), NegativeMulAdd(Set(kA), odd_a, even_a), MulAdd(Set(kB), odd_b, even_b),
           NegativeMulAdd(Set(kB), odd_b, even_b), d.v[3]}};
}

// G g.
inline Six FilterSide(F32 g0, F32 g1, F32 g2) {
  const F32 k = Set(kK), l = Set(kL);
  const F32 even_a = MulAdd(Set(kA2), g2, g0), odd_a = Mul(Set(kA), g1);
  const F32 even_b = MulAdd(Set(kB2), g2, g0), odd_b = Mul(Set(kB), g1);
  return {{Mul(Set(1 / (kA2 * kB2)), g0), Mul(k, Add(even_a, odd_a)), Mul(k, Sub(even_a, odd_a)), Mul(l, Add(even_b, odd_b)),
           Mul(l, Sub(even_b, odd_b)), g2}};
}

struct Three {
  F32 v[3];
};

// G' u.
inline Three FilterGradientSide(const Six& u) {
  const F32 even_a = Mul(Set(kK), Add(u.v[1], u.v[2])), odd_a = Mul(Set(kK), Sub(u.v[1], u.v[2]));
  const F32 even_b = Mul(Set(kL), Add(u.v[3], u.v[4])), odd_b = Mul(Set(kL), Sub(u.v[3], u.v[4]));
  return {{MulAdd(Set(1 / (kA2 * kB2)), u.v[0], Add(even_a, even_b)), MulAdd(Set(kA), odd_a, Mul(Set(kB), odd_b)),
           MulAdd(Set(kA2), even_a, MulAdd(Set(kB2), even_b, u.v[5]))}};
}

// Activations are larger than the caches, and the lines of a tile are too many streams for a hardware prefetcher: what the line
// of tiles below will read, and what the tile after the next will write, is fetched ahead. An address may lie outside its
// array; a prefetch touches nothing.
inline void PrefetchRead(const float* p) { __builtin_prefetch(p, 0, 3); }
inline void PrefetchWrite(const float* p) { __builtin_prefetch(p, 1, 3); }
constexpr int64_t kTilesAhead = 2;

// Tiles whose columns are transformed together: neighbours share two of six.
constexpr int64_t kTogether = 8;
constexpr int64_t kColumns = qk::kWinogradTile * kTogether + 2;

inline void Input(const qk::WinogradF32Input& call) {
  const int64_t channels = call.channels, position = call.position;
  ForChannels(channels, [&call, channels, position](int64_t c, auto access) {
    F32 half[qk::kWinogradWindow][kColumns];
    for (int64_t begin = 0; begin < call.tiles; begin += kTogether) {
      const int64_t tiles = call.tiles - begin < kTogether ? call.tiles - begin : kTogether;
      const int64_t first = call.left + qk::kWinogradTile * begin, columns = qk::kWinogradTile * tiles + 2;
      for (int64_t j = 0; j < columns; j++) {
        Six column = {{Set(0.0f), Set(0.0f), Set(0.0f), Set(0.0f), Set(0.0f), Set(0.0f)}};
        const int64_t pixel = first + j;
        if (pixel >= 0 && pixel < call.width) {
#pragma GCC unroll 6
          for (int i = 0; i < 6; i++) column.v[i] = access.Get(call.lines[i] + pixel * channels + c);
#pragma GCC unroll 4
          for (int i = 2; i < 6; i++) PrefetchRead(call.lines[i] + (pixel + qk::kWinogradTile * call.width) * channels + c);
          column = InputSide(column);
        }
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) half[i][j] = column.v[i];
      }
      float* out = call.out + begin * channels + c;
      for (int64_t t = 0; t < tiles; t++, out += channels) {
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) {
          Six row;
#pragma GCC unroll 6
          for (int j = 0; j < 6; j++) row.v[j] = half[i][qk::kWinogradTile * t + j];
          row = InputSide(row);
#pragma GCC unroll 6
          for (int j = 0; j < 6; j++) access.Put(out + (6 * i + j) * position, row.v[j]);
        }
      }
    }
  });
}

template <bool kWithBias, bool kWithResidual, bool kWithGate>
inline void OutputOf(const qk::WinogradF32Output& call) {
  const F32 low = Set(call.minimum), high = Set(call.maximum);
  ForChannels(call.channels, [&call, low, high](int64_t c, auto access) {
    const int64_t channels = call.channels, position = call.position;
    const F32 bias = kWithBias ? access.Get(call.bias + c) : Set(0.0f);
    const float* m = call.products + c;
    for (int64_t t = 0; t < call.tiles; t++, m += channels) {
      const int64_t ahead = qk::kWinogradTile * (t + kTilesAhead) * channels + c;
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
          const int64_t at = ahead + j * channels + i * call.line;
          PrefetchWrite(call.y + at);
          if (kWithResidual) PrefetchRead(call.residual + at);
          if (kWithGate) PrefetchRead(call.gate + at);
        }
      }
      F32 half[qk::kWinogradWindow][qk::kWinogradTile];
#pragma GCC unroll 6
      for (int i = 0; i < 6; i++) {
        Six row;
#pragma GCC unroll 6
        for (int j = 0; j < 6; j++) row.v[j] = access.Get(m + (6 * i + j) * position);
        const Four sides = OutputSide(row);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) half[i][j] = sides.v[j];
      }
      const int64_t left = call.pixels - qk::kWinogradTile * t;
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        if (j >= left) break;
        const Four column = OutputSide({{half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j]}});
        const int64_t at = (qk::kWinogradTile * t + j) * channels + c;
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
          if (i >= call.lines) break;
          F32 sum = column.v[i];
          if (kWithBias) sum = Add(sum, bias);
          if (kWithResidual) sum = Add(sum, access.Get(call.residual + at + i * call.line));
          if (kWithGate) sum = Select(Less(Set(0.0f), access.Get(call.gate + at + i * call.line)), sum, Set(0.0f));
          access.Put(call.y + at + i * call.line, Min(high, Max(low, sum)));
        }
      }
    }
  });
}

inline void Output(const qk::WinogradF32Output& call) {
  const bool with_residual = call.residual != nullptr;
  if (call.gate != nullptr) {
    with_residual ? OutputOf<false, true, true>(call) : OutputOf<false, false, true>(call);
  } else if (call.bias != nullptr) {
    with_residual ? OutputOf<true, true, false>(call) : OutputOf<true, false, false>(call);
  } else {
    with_residual ? OutputOf<false, true, false>(call) : OutputOf<false, false, false>(call);
  }
}

// A panel is two registers wide.
constexpr int64_t kPanel = 2 * kLanes;

inline void Filter(const qk::WinogradF32Filter& call) {
  const int64_t outputs = call.outputs, matrix = call.channels * outputs, position = call.position;
  float* out = call.out;
  for (int64_t panel = 0; panel < outputs; panel += kPanel, out += qk::kWinogradPositions * position) {
    const int64_t width = outputs - panel < kPanel ? outputs - panel : kPanel;
    for (int64_t c = call.begin; c < call.end; c++) {
      ForChannels(width, [&call, out, outputs, matrix, position, panel, width, c](int64_t j, auto access) {
        const float* g = call.filter + c * outputs + panel + j;
        Six columns[3];
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) {
          columns[i] =
              FilterSide(access.Get(g + i * matrix), access.Get(g + (3 + i) * matrix), access.Get(g + (6 + i) * matrix));
        }
        float* to = out + c * width + j;
#pragma GCC unroll 6
        for (int r = 0; r < 6; r++) {
          const Six row = FilterSide(columns[0].v[r], columns[1].v[r], columns[2].v[r]);
#pragma GCC unroll 6
          for (int i = 0; i < 6; i++) access.Put(to + (6 * r + i) * position, row.v[i]);
        }
      });
    }
  }
}

inline void Gradient(const qk::WinogradF32Gradient& call) {
  const int64_t channels = call.channels, position = call.position, line = call.line;
  ForChannels(channels, [&call, channels, position, line](int64_t c, auto access) {
    const float* dy = call.dy + c;
    float* out = call.out + c;
    const int64_t lines = call.lines;
    for (int64_t t = 0; t < call.tiles; t++, dy += qk::kWinogradTile * channels, out += channels) {
      const int64_t pixels = call.pixels - qk::kWinogradTile * t;
      Six half[4];
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        Four column;
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
          column.v[i] = i < lines && j < pixels ? access.Get(dy + i * line + j * channels) : Set(0.0f);
          PrefetchRead(dy + (qk::kWinogradTile + i) * line + j * channels);
        }
        half[j] = GradientSide(column);
      }
#pragma GCC unroll 6
      for (int i = 0; i < 6; i++) {
        const Six row = GradientSide({{half[0].v[i], half[1].v[i], half[2].v[i], half[3].v[i]}});
#pragma GCC unroll 6
        for (int j = 0; j < 6; j++) access.Put(out + (6 * i + j) * position, row.v[j]);
      }
    }
  });
}

inline void FilterGradient(const qk::WinogradF32FilterGradient& call) {
  ForChannels(call.count, [&call](int64_t at, auto access) {
    Three half[6];
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
      Six column;
#pragma GCC unroll 6
      for (int i = 0; i < 6; i++) {
        const float* sums = call.sums + (6 * i + j) * call.position + at;
        column.v[i] = access.Get(sums);
        for (int64_t part = 1; part < call.parts; part++) {
          column.v[i] = Add(column.v[i], access.Get(sums + part * call.part_step));
        }
      }
      half[j] = FilterGradientSide(column);
    }
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++) {
      const Three row =
          FilterGradientSide({{half[0].v[i], half[1].v[i], half[2].v[i], half[3].v[i], half[4].v[i], half[5].v[i]}});
#pragma GCC unroll 3
      for (int j = 0; j < 3; j++) access.Put(call.filter + (3 * i + j) * call.step + at, row.v[j]);
    }
  });
}

}  // namespace

#endif  // QK_KERNELS_WINOGRAD_F32_WINOGRAD_SIMD_H_
