#ifndef QK_ADDON_GRID_ARGUMENTS_H_
#define QK_ADDON_GRID_ARGUMENTS_H_

#include "arguments.h"
#include "qk/grid_params.h"

namespace qk {

// layout…, scale f32 [G], zeroPoint f32 [G], qmin, qmax
GridParams NextGrid(Arguments* arguments);

// An array of the tensor's size.
float* NextTensor(Arguments* arguments, const GridParams& grid);

// An array of G numbers, or null.
float* NextParameters(Arguments* arguments, const GridParams& grid);

}  // namespace qk

#endif  // QK_ADDON_GRID_ARGUMENTS_H_
