#include "float_arguments.h"
#include "qk/reduce_f32.h"
#include "qk/softmax_f32.h"

namespace qk {
namespace {

// reduceF32(context, op, outer, length, inner, x, scale, out)
Napi::Value BindReduce(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const auto op = static_cast<ReduceF32>(arguments.NextInt(0, static_cast<int64_t>(ReduceF32::kCount) - 1));
  const int64_t outer = arguments.NextSize(), length = arguments.NextSize(), inner = arguments.NextSize();
  RequireCount(arguments, {outer + 1, length + 1, inner + 64});
  const float* x = NextFloats(arguments, RequireCount(arguments, {outer, length, inner}));
  const float scale = static_cast<float>(arguments.NextDouble());
  float* out = NextFloats(arguments, RequireCount(arguments, {outer, inner}));
  return arguments.Run([=] { return RunReduceF32(*context, op, outer, length, inner, x, scale, out); });
}

// argReduceF32(context, largest, outer, length, inner, x, out i32)
Napi::Value BindArgReduce(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const bool largest = arguments.NextBool();
  const int64_t outer = arguments.NextSize(), length = arguments.NextInt(1, INT32_MAX), inner = arguments.NextSize();
  const float* x = NextFloats(arguments, RequireCount(arguments, {outer, length, inner}));
  const Span<int32_t> out = arguments.NextI32();
  arguments.Require(out.length >= RequireCount(arguments, {outer, inner}));
  return arguments.Run([=] { return RunArgReduceF32(*context, largest, outer, length, inner, x, out.data); });
}

// softmaxF32(context, logarithm, rows, columns, x, y)
Napi::Value BindSoftmax(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const bool logarithm = arguments.NextBool();
  const int64_t rows = arguments.NextSize(), columns = arguments.NextSize();
  const int64_t count = RequireCount(arguments, {rows, columns});
  const float* x = NextFloats(arguments, count);
  float* y = NextFloats(arguments, count);
  return arguments.Run([=] { return RunSoftmaxF32(*context, logarithm, x, rows, columns, y); });
}

// softmaxBackwardF32(context, logarithm, rows, columns, dy, y, dx)
Napi::Value BindSoftmaxBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const bool logarithm = arguments.NextBool();
  const int64_t rows = arguments.NextSize(), columns = arguments.NextSize();
  const int64_t count = RequireCount(arguments, {rows, columns});
  const float* dy = NextFloats(arguments, count);
  const float* y = NextFloats(arguments, count);
  float* dx = NextFloats(arguments, count);
  return arguments.Run([=] { return RunSoftmaxBackwardF32(*context, logarithm, dy, y, rows, columns, dx); });
}

// softmaxCrossEntropyF32(context, rows, columns, logits, labels, loss, dlogits?)
Napi::Value BindCrossEntropy(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t rows = arguments.NextSize(), columns = arguments.NextSize();
  const int64_t count = RequireCount(arguments, {rows, columns});
  const float* logits = NextFloats(arguments, count);
  const float* labels = NextFloats(arguments, count);
  float* loss = NextFloats(arguments, rows);
  float* dlogits = NextOptionalFloats(arguments, count);
  return arguments.Run([=] { return RunSoftmaxCrossEntropyF32(*context, logits, labels, rows, columns, loss, dlogits); });
}

}  // namespace

void RegisterReduce(Napi::Env, Napi::Object exports) {
  Export(exports, "reduceF32", BindReduce);
  Export(exports, "argReduceF32", BindArgReduce);
  Export(exports, "softmaxF32", BindSoftmax);
  Export(exports, "softmaxBackwardF32", BindSoftmaxBackward);
  Export(exports, "softmaxCrossEntropyF32", BindCrossEntropy);
  ExportOperations(exports, VisitReduceF32);
  ExportOperations(exports, VisitSoftmaxF32);
}

}  // namespace qk
