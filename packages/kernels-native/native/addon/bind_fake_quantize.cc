#include "arguments.h"
#include "grid_arguments.h"
#include "qk/fake_quantize_driver.h"
#include "qk/fake_quantize_f32.h"

namespace qk {
namespace {

// fakeQuantize(context, grid…, x, y)
Napi::Value BindFakeQuantize(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const float* x = NextTensor(&arguments, grid);
  float* y = NextTensor(&arguments, grid);
  return arguments.Run([=] { return FakeQuantize(*context, grid, x, y); });
}

// fakeQuantizeBackward(context, grid…, dy, x, dx)
Napi::Value BindFakeQuantizeBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const float* dy = NextTensor(&arguments, grid);
  const float* x = NextTensor(&arguments, grid);
  float* dx = NextTensor(&arguments, grid);
  return arguments.Run([=] { return FakeQuantizeBackward(*context, grid, dy, x, dx); });
}

// learnedStepBackward(context, grid…, gradientScale, dy, x, dx, dscale, doffset | null)
Napi::Value BindLearnedStepBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const float factor = static_cast<float>(arguments.NextDouble());
  const float* dy = NextTensor(&arguments, grid);
  const float* x = NextTensor(&arguments, grid);
  float* dx = NextTensor(&arguments, grid);
  float* dscale = NextParameters(&arguments, grid);
  float* doffset = NextParameters(&arguments, grid);
  return arguments.Run([=] { return LearnedStepBackward(*context, grid, factor, dy, x, dx, dscale, doffset); });
}

// clippingLevelBackward(context, grid…, gradientScale, hasFullGradient 0|1, dy, x, dx, dlevel)
Napi::Value BindClippingLevelBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const float factor = static_cast<float>(arguments.NextDouble());
  const bool has_full_gradient = arguments.NextBool();
  const float* dy = NextTensor(&arguments, grid);
  const float* x = NextTensor(&arguments, grid);
  float* dx = NextTensor(&arguments, grid);
  float* dlevel = NextParameters(&arguments, grid);
  return arguments.Run([=] { return ClippingLevelBackward(*context, grid, factor, has_full_gradient, dy, x, dx, dlevel); });
}

// softStaircaseBackward(context, grid…, alpha f32 [G], gradientScale, dy, x, dx, dlower, dupper, dalpha)
Napi::Value BindSoftStaircaseBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const float* alpha = NextParameters(&arguments, grid);
  arguments.Require(alpha != nullptr || grid.layout.parameters() == 0, Status::kBadArgument);
  const float factor = static_cast<float>(arguments.NextDouble());
  const float* dy = NextTensor(&arguments, grid);
  const float* x = NextTensor(&arguments, grid);
  float* dx = NextTensor(&arguments, grid);
  float* dlower = NextParameters(&arguments, grid);
  float* dupper = NextParameters(&arguments, grid);
  float* dalpha = NextParameters(&arguments, grid);
  return arguments.Run([=] { return SoftStaircaseBackward(*context, grid, alpha, factor, dy, x, dx, dlower, dupper, dalpha); });
}

}  // namespace

void RegisterFakeQuantize(Napi::Env, Napi::Object exports) {
  Export(exports, "fakeQuantize", BindFakeQuantize);
  Export(exports, "fakeQuantizeBackward", BindFakeQuantizeBackward);
  Export(exports, "learnedStepBackward", BindLearnedStepBackward);
  Export(exports, "clippingLevelBackward", BindClippingLevelBackward);
  Export(exports, "softStaircaseBackward", BindSoftStaircaseBackward);
  ExportOperations(exports, VisitFakeQuantizeF32);
}

}  // namespace qk
