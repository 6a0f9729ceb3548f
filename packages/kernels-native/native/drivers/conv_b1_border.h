// What windows that stick out of the image need: initial values of their sums. For the driver of conv_b1.
#ifndef QK_DRIVERS_CONV_B1_BORDER_H_
#define QK_DRIVERS_CONV_B1_BORDER_H_

#include <cstdint>

#include "qk/conv_b1.h"

namespace qk {

// Rows of initial values, one per way in which a window can stick out; a way is a pair of one along y and one along x.
struct ConvB1Border {
  int32_t* initial;  // [ways along y][ways along x][columns]; null when there was no memory
  int64_t* way_y;    // [out_height]
  int64_t* way_x;    // [out_width]
  int64_t ways_x;
  int64_t columns;

  const int32_t* Row(int64_t y, int64_t x) const { return initial + (way_y[y] * ways_x + way_x[x]) * columns; }
};

ConvB1Border PrepareBorder(Scratch& scratch, const ConvB1Call& call, int64_t columns);

}  // namespace qk

#endif  // QK_DRIVERS_CONV_B1_BORDER_H_
