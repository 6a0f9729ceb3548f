#include <cstdint>

#include "qk/histogram_f32.h"

// In float64, where the product and the differences are exact.
void qk_histogram_f32__scalar(const QkHistogram& h, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const double bin = __builtin_floor(static_cast<double>(x[i]) * static_cast<double>(h.inverse)) - h.first_bin;
    const bool is_inside = bin >= 0 && bin < static_cast<double>(h.bins);
    h.tables[i % h.table_count * h.stride + (is_inside ? static_cast<int64_t>(bin) : h.bins)]++;
  }
}
