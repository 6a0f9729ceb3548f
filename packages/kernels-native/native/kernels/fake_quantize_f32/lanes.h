// The formulas of qk/fake_quantize_f32.h over registers of any width. Included after one lanes_<isa>.h, into the file that
// owns the instruction set; internal linkage.
#ifndef QK_KERNELS_FAKE_QUANTIZE_F32_LANES_H_
#define QK_KERNELS_FAKE_QUANTIZE_F32_LANES_H_

#include <cstdint>

#include "../simd/grid_registers.h"
#include "qk/fake_quantize_f32.h"

namespace {

void FakeQuantize(const QkGrid& grid, const float* x, float* y) {
  ForEachRegister<0>(grid, nullptr, kNoSums, [=](const Params& p, F32, int64_t i, int64_t count, auto*) {
    const F32 v = Lanes::Div(LoadUpTo(x + i, count), p.scale);
    const F32 code = Clip(Lanes::Add(Lanes::RoundHalfEven(v), p.zero_point), p.qmin, p.qmax);
    StoreUpTo(y + i, Lanes::Mul(Lanes::Sub(code, p.zero_point), p.scale), count);
  });
}

void FakeQuantizeBackward(const QkGrid& grid, const float* dy, const float* x, float* dx) {
  ForEachRegister<0>(grid, nullptr, kNoSums, [=](const Params& p, F32, int64_t i, int64_t count, auto*) {
    const F32 v = Lanes::Div(LoadUpTo(x + i, count), p.scale);
    const F32 code = Lanes::Add(Lanes::RoundHalfEven(v), p.zero_point);
    const auto inside = Lanes::And(Lanes::LessEqual(p.qmin, code), Lanes::LessEqual(code, p.qmax));
    StoreUpTo(dx + i, Lanes::Select(inside, LoadUpTo(dy + i, count), Lanes::Set(0)), count);
  });
}

void LearnedStepBackward(const QkGrid& grid, const float* dy, const float* x, float* dx, const QkSums& sums) {
  ForEachRegister<2>(grid, nullptr, sums, [=](const Params& p, F32, int64_t i, int64_t count, Accumulators<2>* to) {
    const F32 v = Lanes::Div(LoadUpTo(x + i, count), p.scale);
    const F32 g = LoadUpTo(dy + i, count);
    const F32 code = Lanes::Add(v, p.zero_point);
    const F32 zero = Lanes::Set(0);
    const auto inside = Lanes::And(Lanes::Less(p.qmin, code), Lanes::Less(code, p.qmax));
    const F32 slope = Lanes::Select(inside, Lanes::Sub(Lanes::RoundHalfEven(v), v), Clip(code, p.qmin, p.qmax));
    Lanes::AddTo(&to->sums[0], Lanes::Mul(g, slope));
    Lanes::AddTo(&to->sums[1], Lanes::Select(inside, zero, g));
    StoreUpTo(dx + i, Lanes::Select(inside, g, zero), count);
  });
}

void ClippingLevelBackward(const QkGrid& grid, bool has_full_gradient, const float* dy, const float* x, float* dx,
                           const QkSums& sums) {
  ForEachRegister<1>(grid, nullptr, sums, [=](const Params& p, F32, int64_t i, int64_t count, Accumulators<1>* to) {
    const F32 v = Lanes::Div(LoadUpTo(x + i, count), p.scale);
    const F32 g = LoadUpTo(dy + i, count);
    const F32 zero = Lanes::Set(0);
    const auto inside = Lanes::And(Lanes::LessEqual(p.qmin, v), Lanes::LessEqual(v, p.qmax));
    const auto is_open = Lanes::And(Lanes::Less(p.qmin, v), Lanes::Less(v, p.qmax));
    const F32 within = has_full_gradient ? Lanes::Sub(Lanes::RoundHalfEven(v), v) : zero;
    const F32 slope = Lanes::Div(Lanes::Select(is_open, within, Clip(v, p.qmin, p.qmax)), p.qmax);
    Lanes::AddTo(&to->sums[0], Lanes::Mul(g, slope));
    StoreUpTo(dx + i, Lanes::Select(inside, g, zero), count);
  });
}

// e^x - 1 for x in [0, 88] within 2 ulp: with x = n·ln 2 + r, |r| <= ln(2)/2, it is 2^n·(e^r - 1) + (2^n - 1), and e^r - 1 is
// its Taylor polynomial of degree 8 (next term below 1e-9).
F32 ExpMinusOne(F32 x) {
  const F32 n = Lanes::RoundHalfEven(Lanes::Mul(x, Lanes::Set(1.44269504f)));
  // ln 2 in two parts: n times the first is exact.
  F32 r = Lanes::MulAdd(n, Lanes::Set(-0.693359375f), x);
  r = Lanes::MulAdd(n, Lanes::Set(2.12194440e-4f), r);
  F32 p = Lanes::Set(1.0f / 40320);
  const float inverses[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f};
  for (const float inverse : inverses) {
    p = Lanes::MulAdd(p, r, Lanes::Set(inverse));
  }
  const F32 small = Lanes::MulAdd(Lanes::Mul(p, r), r, r);
  const F32 power = Lanes::ScaleByPowerOfTwo(Lanes::Set(1), n);
  return Lanes::MulAdd(power, small, Lanes::Sub(power, Lanes::Set(1)));
}

// tanh z = sign(z)·E/(E + 2) with E = e^(2|z|) - 1; beyond |z| = 10 it is 1 to the last bit.
F32 Tanh(F32 z) {
  const F32 e = ExpMinusOne(Lanes::Min(Lanes::Mul(Lanes::Abs(z), Lanes::Set(2)), Lanes::Set(20)));
  const F32 positive = Lanes::Div(e, Lanes::Add(e, Lanes::Set(2)));
  return Lanes::Select(Lanes::Less(z, Lanes::Set(0)), Lanes::Sub(Lanes::Set(0), positive), positive);
}

void SoftStaircaseBackward(const QkGrid& grid, const float* alpha, const float* dy, const float* x, float* dx,
                           const QkSums& sums) {
  const F32 zero = Lanes::Set(0), one = Lanes::Set(1), half_one = Lanes::Set(0.5f);
  const F32 intervals = Lanes::Set(grid.qmax - grid.qmin), last = Lanes::Set(grid.qmax - grid.qmin - 1);
  // Functions of alpha alone: slope K, S = 1/(1 - alpha), 2/(alpha(2 - alpha)). One register of columns at a time.
  float k[kWidth], s[kWidth], w[kWidth];
  const float* done = nullptr;
  ForEachRegister<3>(grid, alpha, sums, [&](const Params& p, F32 a, int64_t i, int64_t count, Accumulators<3>* to) {
    const float* first = grid.is_shared ? alpha : alpha + i % grid.columns;
    if (first != done) {
      float lanes[kWidth];
      Lanes::Store(lanes, a);
      for (int64_t lane = 0; lane < kWidth; lane++) {
        k[lane] = __builtin_logf(2 / lanes[lane] - 1);
        s[lane] = 1 / (1 - lanes[lane]);
        w[lane] = 2 / (lanes[lane] * (2 - lanes[lane]));
      }
      done = first;
    }
    const F32 slope = Lanes::Load(k), sharp = Lanes::Load(s), weight = Lanes::Load(w);
    const F32 v = Lanes::Div(LoadUpTo(x + i, count), p.scale);
    const F32 g = LoadUpTo(dy + i, count);
    const F32 shift = Lanes::Sub(p.zero_point, p.qmin);
    const F32 r = Lanes::Add(v, shift);
    const auto below = Lanes::Less(r, zero);
    const auto above = Lanes::Less(intervals, r);
    const auto inside = Lanes::And(Lanes::LessEqual(zero, r), Lanes::LessEqual(r, intervals));
    const F32 code = Clip(Lanes::Add(Lanes::RoundHalfEven(v), shift), zero, intervals);
    const F32 t = Lanes::Sub(Lanes::Sub(r, Clip(Lanes::Floor(r), zero, last)), half_one);
    const F32 tanh = Tanh(Lanes::Mul(slope, t));
    const F32 peak = Lanes::Sub(one, Lanes::Mul(tanh, tanh));
    const F32 half = Lanes::Mul(Lanes::Mul(Lanes::Mul(sharp, slope), peak), half_one);
    const F32 share = Lanes::Div(code, intervals), position = Lanes::Div(r, intervals);
    const F32 lower = Lanes::Add(Lanes::Sub(one, share), Lanes::Mul(half, Lanes::Sub(position, one)));
    const F32 upper = Lanes::Sub(share, Lanes::Mul(half, position));
    const F32 curvature =
        Lanes::Sub(Lanes::Mul(tanh, Lanes::Mul(sharp, sharp)), Lanes::Mul(Lanes::Mul(Lanes::Mul(sharp, peak), t), weight));
    const F32 softness = Lanes::Mul(Lanes::Mul(p.scale, half_one), curvature);
    const auto add = [&](int sum, F32 in, decltype(below) outside) {
      Lanes::AddTo(&to->sums[sum], Lanes::Mul(g, Lanes::Select(inside, in, Lanes::Select(outside, one, zero))));
    };
    add(0, lower, below);
    add(1, upper, above);
    Lanes::AddTo(&to->sums[2], Lanes::Mul(g, Lanes::Select(inside, softness, zero)));
    StoreUpTo(dx + i, Lanes::Select(inside, Lanes::Mul(g, half), zero), count);
  });
}

}  // namespace

#endif  // QK_KERNELS_FAKE_QUANTIZE_F32_LANES_H_
