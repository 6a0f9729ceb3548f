// The formulas of qk/moments_f32.h over registers of any width. Included after one lanes_<isa>.h; internal linkage.
#ifndef QK_KERNELS_MOMENTS_F32_LANES_H_
#define QK_KERNELS_MOMENTS_F32_LANES_H_

#include <cstdint>

#include "../simd/grid_registers.h"
#include "qk/moments_f32.h"

namespace {

constexpr float kOne = 1, kZero = 0;

void Moments(int64_t rows, int64_t columns, bool is_shared, const float* x, const QkSums& sums) {
  if (!is_shared) {
    // Columns need no parameters; the ones of the grid are never read.
    for (int64_t c = 0; c < columns; c += kWidth) {
      const int64_t count = columns - c < kWidth ? columns - c : kWidth;
      Accumulators<3> to;
      for (int64_t r = 0; r < rows; r++) {
        const F32 v = LoadUpTo(x + r * columns + c, count);
        Lanes::AddTo(&to.sums[0], v);
        Lanes::AddTo(&to.sums[1], Lanes::Abs(v));
        Lanes::AddSquareTo(&to.sums[2], v);
      }
      to.FlushColumns(sums, c, count);
    }
    return;
  }
  const QkGrid all = {1, columns, true, &kOne, &kZero, 0, 0};
  ForEachRegister<3>(all, nullptr, sums, [=](const Params&, F32, int64_t i, int64_t count, Accumulators<3>* to) {
    const F32 v = LoadUpTo(x + i, count);
    Lanes::AddTo(&to->sums[0], v);
    Lanes::AddTo(&to->sums[1], Lanes::Abs(v));
    Lanes::AddSquareTo(&to->sums[2], v);
  });
}

void GridError(const QkGrid& grid, const float* x, const QkSums& sums) {
  ForEachRegister<1>(grid, nullptr, sums, [=](const Params& p, F32, int64_t i, int64_t count, Accumulators<1>* to) {
    const F32 v = LoadUpTo(x + i, count);
    const F32 code = Clip(Lanes::Add(Lanes::RoundHalfEven(Lanes::Div(v, p.scale)), p.zero_point), p.qmin, p.qmax);
    const F32 error = Lanes::Sub(v, Lanes::Mul(Lanes::Sub(code, p.zero_point), p.scale));
    // Lanes beyond `count` hold FQ(0) = 0, or what no column has: they are not flushed.
    Lanes::AddSquareTo(&to->sums[0], grid.is_shared && count < kWidth ? Lanes::KeepFirst(error, count) : error);
  });
}

}  // namespace

#endif  // QK_KERNELS_MOMENTS_F32_LANES_H_
