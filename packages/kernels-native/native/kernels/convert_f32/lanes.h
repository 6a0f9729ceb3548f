// The formulas of qk/convert_f32.h over registers of any width. Included after one lanes_<isa>.h; internal linkage.
#ifndef QK_KERNELS_CONVERT_F32_LANES_H_
#define QK_KERNELS_CONVERT_F32_LANES_H_

#include <cstdint>

#include "../simd/grid_registers.h"
#include "qk/convert_f32.h"

namespace {

F32 Saturate(const Params& p, F32 v) { return Clip(Lanes::Add(Lanes::RoundHalfEven(v), p.zero_point), p.qmin, p.qmax); }

template <class T>
void Quantize(const QkGrid& grid, const float* x, T* q) {
  ForEachRegister<0>(grid, nullptr, kNoSums, [=](const Params& p, F32, int64_t i, int64_t count, auto*) {
    Lanes::StoreCodes(q + i, Saturate(p, Lanes::Div(LoadUpTo(x + i, count), p.scale)), count);
  });
}

template <class T>
void Dequantize(const QkGrid& grid, const T* q, float* x) {
  ForEachRegister<0>(grid, nullptr, kNoSums, [=](const Params& p, F32, int64_t i, int64_t count, auto*) {
    StoreUpTo(x + i, Lanes::Mul(Lanes::Sub(Lanes::LoadCodes(q + i, count), p.zero_point), p.scale), count);
  });
}

template <class T>
void Requantize(const QkGrid& grid, const int32_t* acc, T* q) {
  ForEachRegister<0>(grid, nullptr, kNoSums, [=](const Params& p, F32, int64_t i, int64_t count, auto*) {
    Lanes::StoreCodes(q + i, Saturate(p, Lanes::Mul(Lanes::LoadCodes(acc + i, count), p.scale)), count);
  });
}

}  // namespace

#endif  // QK_KERNELS_CONVERT_F32_LANES_H_
