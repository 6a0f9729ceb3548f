#ifndef QK_PEAK_DRIVER_H_
#define QK_PEAK_DRIVER_H_

#include "qk/context.h"
#include "qk/types.h"

namespace qk {

// The limits of this machine for one context's instruction set and threads, per second.
struct Peak {
  double f32;    // operations of fused multiply-add (2 each)
  double i8;     // operations of int8 dot products (2 per multiply-add)
  double shift;  // operations of the same products by shift and addition, for weights that are powers of two
  double b1;     // operations of binary dot products (2 per bit)
  double copy;   // bytes read plus bytes written by a memory copy far larger than the caches
  double read;   // bytes read, likewise
};

// Measures each for `seconds` and keeps the best round of a few milliseconds: the machine without its disturbances.
Status MeasurePeak(Context& context, double seconds, Peak* peak);

}  // namespace qk

#endif  // QK_PEAK_DRIVER_H_
