#include "float_arguments.h"
#include "qk/batch_norm_f32.h"

namespace qk {
namespace {

// momentsF32(context, rows, channels, x, mean, variance)
Napi::Value BindMoments(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t rows = arguments.NextSize(), channels = arguments.NextSize();
  const float* x = NextFloats(arguments, RequireCount(arguments, {rows + 1, channels}) - channels);
  float* mean = NextFloats(arguments, channels);
  float* variance = NextFloats(arguments, channels);
  return arguments.Run([=] { return MomentsF32(*context, rows, channels, x, mean, variance); });
}

// batchNormF32(context, rows, channels, epsilon, x, mean, variance, gamma?, beta?, residual?, y, minimum, maximum)
Napi::Value BindApply(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  BatchNormF32Apply call = {};
  call.rows = arguments.NextSize();
  call.channels = arguments.NextSize();
  const int64_t count = RequireCount(arguments, {call.rows + 1, call.channels}) - call.channels;
  call.epsilon = static_cast<float>(arguments.NextDouble());
  call.x = NextFloats(arguments, count);
  call.mean = NextFloats(arguments, call.channels);
  call.variance = NextFloats(arguments, call.channels);
  call.gamma = NextOptionalFloats(arguments, call.channels);
  call.beta = NextOptionalFloats(arguments, call.channels);
  call.residual = NextOptionalFloats(arguments, count);
  call.y = NextFloats(arguments, count);
  call.minimum = static_cast<float>(arguments.NextDouble());
  call.maximum = static_cast<float>(arguments.NextDouble());
  return arguments.Run([=] { return BatchNormF32(*context, call); });
}

// batchNormBackwardF32(context, rows, channels, epsilon, dy, x, y?, mean, variance, gamma?, dx, dgamma?, dbeta?)
Napi::Value BindBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  BatchNormF32Gradient call = {};
  call.rows = arguments.NextSize();
  call.channels = arguments.NextSize();
  const int64_t count = RequireCount(arguments, {call.rows + 1, call.channels}) - call.channels;
  call.epsilon = static_cast<float>(arguments.NextDouble());
  call.dy = NextFloats(arguments, count);
  call.x = NextFloats(arguments, count);
  call.y = NextOptionalFloats(arguments, count);
  call.mean = NextFloats(arguments, call.channels);
  call.variance = NextFloats(arguments, call.channels);
  call.gamma = NextOptionalFloats(arguments, call.channels);
  call.dx = NextFloats(arguments, count);
  call.dgamma = NextOptionalFloats(arguments, call.channels);
  call.dbeta = NextOptionalFloats(arguments, call.channels);
  return arguments.Run([=] { return BatchNormBackwardF32(*context, call); });
}

}  // namespace

void RegisterBatchNorm(Napi::Env, Napi::Object exports) {
  Export(exports, "momentsF32", BindMoments);
  Export(exports, "batchNormF32", BindApply);
  Export(exports, "batchNormBackwardF32", BindBackward);
  ExportOperations(exports, VisitBatchNormF32);
}

}  // namespace qk
