#include <cmath>

#include "arguments.h"
#include "qk/histogram_f32.h"
#include "qk/minmax_f32.h"
#include "qk/moments_f32.h"
#include "qk/statistics_driver.h"

namespace qk {
namespace {

// minMax(context, layout…, x f32, min f32 [G], max f32 [G], bad f64 [1])
Napi::Value BindMinMax(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const Layout layout = arguments.NextLayout();
  const Span<float> x = arguments.NextF32();
  const Span<float> min = arguments.NextF32();
  const Span<float> max = arguments.NextF32();
  const Span<double> bad = arguments.NextF64();
  arguments.Require(x.length >= layout.count() && min.length >= layout.parameters() && max.length >= layout.parameters() &&
                    bad.length >= 1);
  return arguments.Run([=] {
    int64_t count = 0;
    const Status status = MinMax(*context, layout, x.data, min.data, max.data, &count);
    bad.data[0] = static_cast<double>(count);
    return status;
  });
}

// histogram(context, exponent, firstBin, x f32, counts f64, missed f64 [1])
Napi::Value BindHistogram(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  Bins bins;
  bins.exponent = static_cast<int>(arguments.NextInt(-300, 300));
  bins.first_bin = arguments.NextDouble();
  const Span<float> x = arguments.NextF32();
  const Span<double> counts = arguments.NextF64();
  const Span<double> missed = arguments.NextF64();
  bins.count = counts.length;
  arguments.Require(bins.first_bin == std::floor(bins.first_bin) && std::isfinite(bins.first_bin), Status::kBadArgument);
  arguments.Require(missed.length >= 1);
  return arguments.Run([=] {
    int64_t count = 0;
    const Status status = CountHistogram(*context, bins, x.data, x.length, counts.data, &count);
    missed.data[0] = static_cast<double>(count);
    return status;
  });
}

// entropyBins(context, levels, counts f64 [bins], kept i32 [1])
Napi::Value BindEntropyBins(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t levels = arguments.NextInt(2, 1 << 16);
  const Span<double> counts = arguments.NextF64();
  const Span<int32_t> kept = arguments.NextI32();
  arguments.Require(counts.length >= 2 && counts.length <= (1 << 20) && kept.length >= 1);
  return arguments.Run([=] { return EntropyBins(*context, counts.data, counts.length, levels, kept.data); });
}

// moments(context, layout…, x f32, sums f64 [G], magnitudes f64 [G], squares f64 [G])
Napi::Value BindMoments(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const Layout layout = arguments.NextLayout();
  const Span<float> x = arguments.NextF32();
  const Span<double> sums = arguments.NextF64();
  const Span<double> magnitudes = arguments.NextF64();
  const Span<double> squares = arguments.NextF64();
  const int64_t parameters = layout.parameters();
  arguments.Require(x.length >= layout.count() && sums.length >= parameters && magnitudes.length >= parameters &&
                    squares.length >= parameters);
  return arguments.Run([=] { return Moments(*context, layout, x.data, sums.data, magnitudes.data, squares.data); });
}

// gridErrors(context, layout…, candidates, scale f32 [candidates, G], zeroPoint f32 [candidates, G], qmin, qmax, x f32,
//            errors f64 [candidates, G])
Napi::Value BindGridErrors(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  GridParams grid;
  grid.layout = arguments.NextLayout();
  const int64_t candidates = arguments.NextInt(0, 1 << 20);
  const Span<float> scale = arguments.NextF32();
  const Span<float> zero_point = arguments.NextF32();
  grid.scale = scale.data;
  grid.zero_point = zero_point.data;
  grid.qmin = static_cast<float>(arguments.NextInt(-(1 << 24), 1 << 24));
  grid.qmax = static_cast<float>(arguments.NextInt(-(1 << 24), 1 << 24));
  const Span<float> x = arguments.NextF32();
  const Span<double> errors = arguments.NextF64();
  const double wanted = static_cast<double>(candidates) * static_cast<double>(grid.layout.parameters());
  arguments.Require(x.length >= grid.layout.count() && static_cast<double>(scale.length) >= wanted &&
                    static_cast<double>(zero_point.length) >= wanted && static_cast<double>(errors.length) >= wanted);
  return arguments.Run([=] { return GridErrors(*context, grid, candidates, x.data, errors.data); });
}

}  // namespace

void RegisterStatistics(Napi::Env, Napi::Object exports) {
  Export(exports, "minMax", BindMinMax);
  Export(exports, "histogram", BindHistogram);
  Export(exports, "entropyBins", BindEntropyBins);
  Export(exports, "moments", BindMoments);
  Export(exports, "gridErrors", BindGridErrors);
  ExportOperations(exports, VisitMinMaxF32);
  ExportOperations(exports, VisitHistogramF32);
  ExportOperations(exports, VisitMomentsF32);
}

}  // namespace qk
