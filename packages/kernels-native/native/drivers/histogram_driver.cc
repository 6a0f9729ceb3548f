#include <algorithm>
#include <cmath>

#include "qk/histogram_f32.h"
#include "qk/statistics_driver.h"

namespace qk {
namespace {

constexpr int64_t kGrain = 1 << 16;                 // values per range
constexpr int64_t kMostPerPass = INT64_C(1) << 30;  // values before uint32 counts are emptied
constexpr int64_t kMostBins = 1 << 30;

// Tables that take turns: as many as fit the caches next to the core.
int64_t TableCount(int64_t bins) { return bins <= 4096 ? 4 : bins <= 16384 ? 2 : 1; }

// The largest whole number that is not above `value`, which is finite or not; without a call of the C library.
double Floor(double value) {
  constexpr double kWholeFrom = 4503599627370496.0;  // 2^52: only whole numbers from here on
  if (!(value > -kWholeFrom && value < kWholeFrom)) return value;
  const double cut = static_cast<double>(static_cast<int64_t>(value));
  return cut > value ? cut - 1 : cut;
}

// Straight into the counts, in float64: for grids that float32 cannot index and for data too short for tables.
int64_t CountDirectly(const Bins& bins, const float* x, int64_t n, double* counts) {
  const double inverse = std::ldexp(1.0, -bins.exponent);
  int64_t missed = 0;
  for (int64_t i = 0; i < n; i++) {
    const double bin = Floor(static_cast<double>(x[i]) * inverse) - bins.first_bin;
    if (bin >= 0 && bin < static_cast<double>(bins.count)) {
      counts[static_cast<int64_t>(bin)]++;
    } else {
      missed++;
    }
  }
  return missed;
}

}  // namespace

Status CountHistogram(Context& context, const Bins& bins, const float* x, int64_t n, double* counts, int64_t* missed) {
  const bool is_indexed = std::abs(bins.exponent) <= 126 && std::abs(bins.first_bin) < kMostBins && bins.count < kMostBins;
  *missed = 0;
  if (!is_indexed || n < bins.count / 4) {
    *missed = CountDirectly(bins, x, n, counts);
    return Status::kOk;
  }
  const int threads = n <= kGrain ? 1 : context.pool().threads();
  const int64_t table_count = TableCount(bins.count);
  const int64_t stride = bins.count + 17;
  const int64_t per_thread = table_count * stride;
  Scratch scratch(context);
  uint32_t* tables = scratch.Take<uint32_t>(static_cast<size_t>(threads * per_thread));
  if (tables == nullptr) return Status::kOutOfMemory;
  const auto count = HistogramF32Tables(context.tier()).count.run;
  const float inverse = std::ldexp(1.0f, -bins.exponent);
  for (int64_t start = 0; start < n; start += kMostPerPass) {
    std::fill_n(tables, threads * per_thread, 0u);
    const int64_t length = std::min(kMostPerPass, n - start);
    context.pool().ParallelFor(length, kGrain, [&](int64_t begin, int64_t end, int thread) {
      const QkHistogram histogram = {inverse,
                                     static_cast<int32_t>(bins.first_bin),
                                     static_cast<uint32_t>(bins.count),
                                     tables + thread * per_thread,
                                     table_count,
                                     stride};
      count(histogram, x + start + begin, end - begin);
    });
    // Into the first table, then into the counts: below 2^31, so that signed conversions do.
    for (int64_t t = 1; t < threads * table_count; t++) {
      const uint32_t* table = tables + t * stride;
      for (int64_t b = 0; b <= bins.count; b++) tables[b] += table[b];
    }
    for (int64_t b = 0; b < bins.count; b++) counts[b] += static_cast<int32_t>(tables[b]);
    *missed += tables[bins.count];
  }
  return Status::kOk;
}

}  // namespace qk
