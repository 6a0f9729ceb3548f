#ifndef QK_STATISTICS_DRIVER_H_
#define QK_STATISTICS_DRIVER_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/layout.h"
#include "qk/types.h"

namespace qk {

// Extremes of finite values per parameter: min and max [layout.parameters()], +inf and -inf where there is none.
// `bad` receives how many values are NaN or infinite.
Status MinMax(Context& context, const Layout& layout, const float* x, float* min, float* max, int64_t* bad);

}  // namespace qk

#endif  // QK_STATISTICS_DRIVER_H_
