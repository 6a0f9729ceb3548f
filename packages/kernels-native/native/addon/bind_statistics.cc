#include "arguments.h"
#include "qk/minmax_f32.h"
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

}  // namespace

void RegisterStatistics(Napi::Env, Napi::Object exports) {
  Export(exports, "minMax", BindMinMax);
  ExportOperations(exports, VisitMinMaxF32);
}

}  // namespace qk
