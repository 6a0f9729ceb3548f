// Blocks of a quantization grid, one register at a time. Included after one lanes_<isa>.h; internal linkage.
#ifndef QK_KERNELS_SIMD_GRID_REGISTERS_H_
#define QK_KERNELS_SIMD_GRID_REGISTERS_H_

#include <cstdint>

#include "qk/grid.h"

namespace {

using F32 = Lanes::F32;
constexpr int64_t kWidth = Lanes::kWidth;

// Parameters of the columns in one register.
struct Params {
  F32 scale, zero_point, qmin, qmax;
};

inline F32 LoadUpTo(const float* p, int64_t count) { return count >= kWidth ? Lanes::Load(p) : Lanes::LoadFirst(p, count); }

inline void StoreUpTo(float* p, F32 a, int64_t count) {
  if (count >= kWidth) {
    Lanes::Store(p, a);
  } else {
    Lanes::StoreFirst(p, a, count);
  }
}

inline Params SharedParams(const QkGrid& grid) {
  return {Lanes::Set(*grid.scale), Lanes::Set(*grid.zero_point), Lanes::Set(grid.qmin), Lanes::Set(grid.qmax)};
}

inline Params ColumnParams(const QkGrid& grid, int64_t column, int64_t count) {
  return {LoadUpTo(grid.scale + column, count), LoadUpTo(grid.zero_point + column, count), Lanes::Set(grid.qmin),
          Lanes::Set(grid.qmax)};
}

// Sums of kSums gradients, per lane.
template <int kSums>
struct Accumulators {
  Lanes::Sum sums[kSums > 0 ? kSums : 1];

  Accumulators() {
    for (Lanes::Sum& sum : sums) sum = Lanes::Zero();
  }

  // All lanes into one column.
  void FlushShared(const QkSums& to) const {
    for (int k = 0; k < kSums; k++) {
      double lanes[kWidth], total = 0;
      Lanes::Spread(sums[k], lanes);
      for (int64_t i = 0; i < kWidth; i++) total += lanes[i];
      to.data[k * to.stride] += total;
    }
  }

  // Every lane into its own column.
  void FlushColumns(const QkSums& to, int64_t column, int64_t count) const {
    for (int k = 0; k < kSums; k++) {
      double lanes[kWidth];
      Lanes::Spread(sums[k], lanes);
      for (int64_t i = 0; i < kWidth && i < count; i++) to.data[k * to.stride + column + i] += lanes[i];
    }
  }
};

// Calls step(params, extra, index, count, accumulators) for every register of the block: `count` lanes of it are values.
// `extra` points to a fifth parameter per column, or is null.
template <int kSums, class Step>
void ForEachRegister(const QkGrid& grid, const float* extra, const QkSums& to, Step step) {
  if (grid.is_shared) {
    const Params params = SharedParams(grid);
    const F32 more = Lanes::Set(extra == nullptr ? 0.0f : *extra);
    Accumulators<kSums> accumulators;
    int64_t i = 0;
    for (; i + kWidth <= grid.columns; i += kWidth) step(params, more, i, kWidth, &accumulators);
    if (i < grid.columns) step(params, more, i, grid.columns - i, &accumulators);
    accumulators.FlushShared(to);
    return;
  }
  for (int64_t c = 0; c < grid.columns; c += kWidth) {
    const int64_t count = grid.columns - c < kWidth ? grid.columns - c : kWidth;
    const Params params = ColumnParams(grid, c, count);
    const F32 more = extra == nullptr ? Lanes::Set(0.0f) : LoadUpTo(extra + c, count);
    Accumulators<kSums> accumulators;
    for (int64_t r = 0; r < grid.rows; r++) step(params, more, r * grid.columns + c, count, &accumulators);
    accumulators.FlushColumns(to, c, count);
  }
}

inline F32 Clip(F32 v, F32 low, F32 high) { return Lanes::Min(Lanes::Max(v, low), high); }

constexpr QkSums kNoSums = {nullptr, 0};

}  // namespace

#endif  // QK_KERNELS_SIMD_GRID_REGISTERS_H_
