#include "qk/input_gradient_phase.h"

namespace qk {

InputGradientPhase MakeInputGradientPhase(int64_t phase, int64_t size, int64_t filter, int64_t stride, int64_t dilation,
                                          int64_t pad) {
  InputGradientPhase result;
  result.positions = phase < size ? (size - phase + stride - 1) / stride : 0;
  for (int64_t f = filter - 1; f >= 0; f--) {
    const int64_t distance = phase + pad - f * dilation;
    if (distance % stride != 0) continue;
    if (result.elements.empty()) result.first = distance / stride;
    result.elements.push_back(f);
    result.shifts.push_back(distance / stride - result.first);
  }
  if (!result.shifts.empty()) result.reach = result.shifts.back() + 1;
  return result;
}

}  // namespace qk
