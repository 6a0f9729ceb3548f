#ifndef QK_GRID_PARAMS_H_
#define QK_GRID_PARAMS_H_

#include "qk/layout.h"

namespace qk {

// A tensor's grid: parameters [layout.parameters()], codes qmin to qmax.
struct GridParams {
  Layout layout;
  const float* scale;
  const float* zero_point;
  float qmin;
  float qmax;
};

}  // namespace qk

#endif  // QK_GRID_PARAMS_H_
