#include "float_arguments.h"
#include "qk/resize_f32.h"

namespace qk {
namespace {

ResizeF32Call NextResizeCall(Arguments& arguments) {
  ResizeF32Call call = {};
  call.method = static_cast<ResizeF32>(arguments.NextInt(0, 1));
  call.align_corners = arguments.NextBool();
  call.half_pixel_centers = arguments.NextBool();
  for (int64_t* size : {&call.batch, &call.in_height, &call.in_width, &call.channels, &call.out_height, &call.out_width}) {
    *size = arguments.NextInt(0, kLargestSide);
  }
  return call;
}

int64_t InCount(Arguments& arguments, const ResizeF32Call& call) {
  return RequireCount(arguments, {call.batch, call.in_height, call.in_width, call.channels});
}
int64_t OutCount(Arguments& arguments, const ResizeF32Call& call) {
  return RequireCount(arguments, {call.batch, call.out_height, call.out_width, call.channels});
}

// resizeF32(context, method, alignCorners, halfPixelCenters, batch, inHeight, inWidth, channels, outHeight, outWidth, x, y)
Napi::Value BindResize(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const ResizeF32Call call = NextResizeCall(arguments);
  const float* x = NextFloats(arguments, InCount(arguments, call));
  float* y = NextFloats(arguments, OutCount(arguments, call));
  return arguments.Run([=] { return RunResizeF32(*context, call, x, y); });
}

// resizeBackwardF32(context, …as resizeF32, dy, dx)
Napi::Value BindResizeBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const ResizeF32Call call = NextResizeCall(arguments);
  const float* dy = NextFloats(arguments, OutCount(arguments, call));
  float* dx = NextFloats(arguments, InCount(arguments, call));
  return arguments.Run([=] { return RunResizeBackwardF32(*context, call, dy, dx); });
}

}  // namespace

void RegisterResize(Napi::Env, Napi::Object exports) {
  Export(exports, "resizeF32", BindResize);
  Export(exports, "resizeBackwardF32", BindResizeBackward);
}

}  // namespace qk
