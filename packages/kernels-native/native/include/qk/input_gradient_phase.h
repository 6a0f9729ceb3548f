#ifndef QK_INPUT_GRADIENT_PHASE_H_
#define QK_INPUT_GRADIENT_PHASE_H_

#include <cstdint>
#include <vector>

namespace qk {

// One axis of the gradient of a strided convolution's input. Position x = phase + stride * i met filter element f at output
// i + shift(f), an integer only for the elements listed: those with (phase + pad - f * dilation) divisible by the stride.
struct InputGradientPhase {
  std::vector<int64_t> elements;  // by ascending shift
  std::vector<int64_t> shifts;    // minus the smallest one
  int64_t first = 0;              // the smallest shift
  int64_t reach = 1;              // outputs under one position
  int64_t positions = 0;          // i: phase + stride * i < size
};

InputGradientPhase MakeInputGradientPhase(int64_t phase, int64_t size, int64_t filter, int64_t stride, int64_t dilation,
                                          int64_t pad);

}  // namespace qk

#endif  // QK_INPUT_GRADIENT_PHASE_H_
