#include "arguments.h"
#include "qk/peak.h"
#include "qk/peak_driver.h"

namespace qk {
namespace {

// measurePeak(context, seconds, out f64 [6]): f32, i8, shift, b1, copy, read per second
Napi::Value BindMeasurePeak(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const double seconds = arguments.NextDouble();
  const Span<double> out = arguments.NextF64();
  arguments.Require(seconds >= 0 && seconds <= 10, Status::kBadArgument);
  arguments.Require(out.length >= 6);
  return arguments.Run([=] {
    Peak peak = {};
    const Status status = MeasurePeak(*context, seconds, &peak);
    const double values[] = {peak.f32, peak.i8, peak.shift, peak.b1, peak.copy, peak.read};
    for (int i = 0; i < 6; i++) out.data[i] = values[i];
    return status;
  });
}

}  // namespace

void RegisterPeak(Napi::Env, Napi::Object exports) {
  Export(exports, "measurePeak", BindMeasurePeak);
  ExportOperations(exports, VisitPeak);
}

}  // namespace qk
