#ifndef QK_FAKE_QUANTIZE_F32_H_
#define QK_FAKE_QUANTIZE_F32_H_

#include "qk/grid.h"
#include "qk/table.h"

// Forward. Bit-identical on every tier to core's fakeQuantize; NaN gives qmin. y may be x.
using QkFakeQuantize = void(const QkGrid& grid, const float* x, float* y);

// Straight-through: dx = dy where qmin <= round(x/scale) + zero_point <= qmax, else 0. dx may be dy. (Bengio et al. 2013)
using QkFakeQuantizeBackward = void(const QkGrid& grid, const float* dy, const float* x, float* dx);

// Learned step (LSQ) and offset (LSQ+), mask before rounding. With v = x/scale, inside: qmin < v + zero_point < qmax
//   dx = dy inside, else 0
//   sums 0 += dy·(round(v) - v  inside; clip(v + zero_point, qmin, qmax) outside)      d/dscale
//   sums 1 += dy·(0 inside; 1 outside)                                                 d/doffset
// (Esser et al. 2020, arXiv:1902.08153 eqs. 1-3; Bhalgat et al. 2020, arXiv:2004.09576 eqs. 4-7)
using QkLearnedStepBackward = void(const QkGrid& grid, const float* dy, const float* x, float* dx, const QkSums& sums);

// Learned clipping level (PACT), scale = level/qmax. dx = dy where qmin <= v <= qmax, else 0;
//   sums 0 += dy·(clip(v, qmin, qmax), or where qmin < v < qmax: round(v) - v with the full gradient, else 0)/qmax
// (Choi et al. 2018, arXiv:1805.06085; Li et al. 2020, arXiv:1909.13144 section 2.3)
using QkClippingLevelBackward = void(const QkGrid& grid, bool has_full_gradient, const float* dy, const float* x, float* dx,
                                     const QkSums& sums);

// Differentiable soft quantization: hard forward, gradient of the soft staircase. N = qmax - qmin, r = v + zero_point - qmin,
// code = clip(round(v) + zero_point - qmin, 0, N), t = r - min(floor(r), N - 1) - 1/2, K = ln(2/alpha - 1), S = 1/(1 - alpha),
// T = tanh(K·t), G = S·K·(1 - T²); 0 <= r <= N:
//   dx = dy·G/2
//   sums 0 += dy·(1 - code/N + (G/2)(r/N - 1))                                          d/dlower; 1 below
//   sums 1 += dy·(code/N - (G/2)(r/N))                                                  d/dupper; 1 above
//   sums 2 += dy·(scale/2)(T/(1 - alpha)² - S(1 - T²)·t·2/(alpha(2 - alpha)))           d/dalpha
// Pre: 0 < alpha < 1, one per column or one for all. Accuracy: tanh within 4 ulp, so tiers agree to about 1e-6 relative.
// (Gong et al. 2019, arXiv:1908.05033 eqs. 3-11)
using QkSoftStaircaseBackward = void(const QkGrid& grid, const float* alpha, const float* dy, const float* x, float* dx,
                                     const QkSums& sums);

extern "C" {
QkFakeQuantize qk_fake_quantize_f32__scalar, qk_fake_quantize_f32__avx2, qk_fake_quantize_f32__avx512vnni,
    qk_fake_quantize_f32__neon;
QkFakeQuantizeBackward qk_fake_quantize_f32_backward__scalar, qk_fake_quantize_f32_backward__avx2,
    qk_fake_quantize_f32_backward__avx512vnni, qk_fake_quantize_f32_backward__neon;
QkLearnedStepBackward qk_fake_quantize_f32_learned_step__scalar, qk_fake_quantize_f32_learned_step__avx2,
    qk_fake_quantize_f32_learned_step__avx512vnni, qk_fake_quantize_f32_learned_step__neon;
QkClippingLevelBackward qk_fake_quantize_f32_clipping_level__scalar, qk_fake_quantize_f32_clipping_level__avx2,
    qk_fake_quantize_f32_clipping_level__avx512vnni, qk_fake_quantize_f32_clipping_level__neon;
QkSoftStaircaseBackward qk_fake_quantize_f32_soft_staircase__scalar, qk_fake_quantize_f32_soft_staircase__avx2,
    qk_fake_quantize_f32_soft_staircase__avx512vnni, qk_fake_quantize_f32_soft_staircase__neon;
}

namespace qk {

struct FakeQuantizeF32Table {
  Op<QkFakeQuantize*> forward;
  Op<QkFakeQuantizeBackward*> backward;
  Op<QkLearnedStepBackward*> learned_step;
  Op<QkClippingLevelBackward*> clipping_level;
  Op<QkSoftStaircaseBackward*> soft_staircase;
};

const FakeQuantizeF32Table& FakeQuantizeF32Tables(Tier tier);
void VisitFakeQuantizeF32(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_FAKE_QUANTIZE_F32_H_
