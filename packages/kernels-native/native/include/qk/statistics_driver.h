#ifndef QK_STATISTICS_DRIVER_H_
#define QK_STATISTICS_DRIVER_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/grid_params.h"
#include "qk/layout.h"
#include "qk/types.h"

namespace qk {

// Extremes of finite values per parameter: min and max [layout.parameters()], +inf and -inf where there is none.
// `bad` receives how many values are NaN or infinite.
Status MinMax(Context& context, const Layout& layout, const float* x, float* min, float* max, int64_t* bad);

// A grid of bins anchored at 0: bin k covers [k·2^exponent, (k + 1)·2^exponent).
struct Bins {
  int exponent;      // within [-300, 300]
  double first_bin;  // k of counts[0], a whole number
  int64_t count;
};

// Adds to counts[bins.count] the values of x[n]; `missed` receives how many were not counted: not finite, or outside the bins.
Status CountHistogram(Context& context, const Bins& bins, const float* x, int64_t n, double* counts, int64_t* missed);

// TensorRT's entropy search on a histogram of |x|: how many of the first bins to keep, so that the distribution with outliers
// moved into the last bin and the one of only `levels` groups differ least (formula:
// packages/core/src/range-selection/entropy-tensorrt.ts). kept = bins where nothing should be clipped, and 0 where two
// candidates are closer than differently rounded logarithms may tell apart. Pre: counts >= 0, 2 <= levels, bins <= 2^20.
Status EntropyBins(Context& context, const double* counts, int64_t bins, int64_t levels, int32_t* kept);

// Sums of values, magnitudes and squares per parameter, each [layout.parameters()], in float64 over ranges that do not depend
// on the number of threads.
Status Moments(Context& context, const Layout& layout, const float* x, double* sums, double* magnitudes, double* squares);

// Squared error sum (x - FQ(x))² per parameter for each of `candidates` grids: scale and zero_point are
// [candidates][layout.parameters()], as is `errors`. Each candidate reads x once.
Status GridErrors(Context& context, const GridParams& grid, int64_t candidates, const float* x, double* errors);

}  // namespace qk

#endif  // QK_STATISTICS_DRIVER_H_
