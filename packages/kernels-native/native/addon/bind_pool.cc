#include "float_arguments.h"
#include "qk/depthwise_f32.h"
#include "qk/pool_f32.h"

namespace qk {
namespace {

// batch, inHeight, inWidth, channels, outHeight, outWidth, windowHeight, windowWidth, strides, dilations, padTop, padLeft
PoolShape NextPoolShape(Arguments& arguments) {
  PoolShape s = {};
  for (int64_t* size : {&s.batch, &s.in_height, &s.in_width, &s.channels, &s.out_height, &s.out_width}) {
    *size = arguments.NextInt(0, kLargestSide);
  }
  for (int64_t* size :
       {&s.window_height, &s.window_width, &s.stride_height, &s.stride_width, &s.dilation_height, &s.dilation_width}) {
    *size = arguments.NextInt(1, kLargestSide);
  }
  s.pad_top = arguments.NextInt(0, kLargestSide);
  s.pad_left = arguments.NextInt(0, kLargestSide);
  RequireCount(arguments, {s.window_height, s.window_width});
  return s;
}

int64_t InCount(Arguments& arguments, const PoolShape& s) {
  return RequireCount(arguments, {s.batch, s.in_height, s.in_width, s.channels});
}
int64_t OutCount(Arguments& arguments, const PoolShape& s) {
  return RequireCount(arguments, {s.batch, s.out_height, s.out_width, s.channels});
}

// pool2dF32(context, kind, shape…, x, y)
Napi::Value BindPool(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const auto kind = static_cast<PoolF32>(arguments.NextInt(0, 2));
  const PoolShape shape = NextPoolShape(arguments);
  const float* x = NextFloats(arguments, InCount(arguments, shape));
  float* y = NextFloats(arguments, OutCount(arguments, shape));
  return arguments.Run([=] { return RunPoolF32(*context, kind, shape, x, y); });
}

// pool2dBackwardF32(context, kind, shape…, dy, x?, y?, dx); x and y for the maximum only
Napi::Value BindPoolBackward(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const auto kind = static_cast<PoolF32>(arguments.NextInt(0, 2));
  const PoolShape shape = NextPoolShape(arguments);
  const float* dy = NextFloats(arguments, OutCount(arguments, shape));
  const float* x = NextOptionalFloats(arguments, InCount(arguments, shape));
  const float* y = NextOptionalFloats(arguments, OutCount(arguments, shape));
  float* dx = NextFloats(arguments, InCount(arguments, shape));
  arguments.Require(kind != PoolF32::kMax || InCount(arguments, shape) == 0 || (x != nullptr && y != nullptr),
                    Status::kBadArgument);
  arguments.Require(kind != PoolF32::kMax || OutCount(arguments, shape) == 0 || y != nullptr, Status::kBadArgument);
  return arguments.Run([=] { return RunPoolBackwardF32(*context, kind, shape, dy, x, y, dx); });
}

ConvShape NextDepthwiseShape(Arguments& arguments) {
  const ConvShape s = NextConvShape(arguments);
  const bool divides = s.in_channels == 0 ? s.out_channels == 0 : s.out_channels % s.in_channels == 0;
  arguments.Require(divides, Status::kBadArgument);
  // The window repeats channels, so it has as many as there are outputs.
  RequireCount(arguments, {s.out_height * s.stride_height + s.filter_height * s.dilation_height,
                           s.out_width * s.stride_width + s.filter_width * s.dilation_width, s.out_channels + 1});
  return s;
}

int64_t InCount(Arguments& arguments, const ConvShape& s) {
  return RequireCount(arguments, {s.batch, s.in_height, s.in_width, s.in_channels});
}
int64_t OutCount(Arguments& arguments, const ConvShape& s) {
  return RequireCount(arguments, {s.batch, s.out_height, s.out_width, s.out_channels});
}
int64_t FilterCount(Arguments& arguments, const ConvShape& s) {
  return RequireCount(arguments, {s.filter_height, s.filter_width, s.out_channels});
}

// depthwiseConv2dF32(context, shape…, x, filter, bias?, y, minimum, maximum)
Napi::Value BindDepthwise(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  DepthwiseF32Call call = {};
  call.shape = NextDepthwiseShape(arguments);
  call.x = NextFloats(arguments, InCount(arguments, call.shape));
  call.filter = NextFloats(arguments, FilterCount(arguments, call.shape));
  call.bias = NextOptionalFloats(arguments, call.shape.out_channels);
  call.y = NextFloats(arguments, OutCount(arguments, call.shape));
  call.minimum = static_cast<float>(arguments.NextDouble());
  call.maximum = static_cast<float>(arguments.NextDouble());
  return arguments.Run([=] { return DepthwiseF32(*context, call); });
}

// depthwiseBackwardInputF32(context, shape…, dy, filter, dx)
Napi::Value BindDepthwiseBackwardInput(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const ConvShape shape = NextDepthwiseShape(arguments);
  const float* dy = NextFloats(arguments, OutCount(arguments, shape));
  const float* filter = NextFloats(arguments, FilterCount(arguments, shape));
  float* dx = NextFloats(arguments, InCount(arguments, shape));
  return arguments.Run([=] { return DepthwiseF32BackwardInput(*context, shape, dy, filter, dx); });
}

// depthwiseBackwardFilterF32(context, shape…, x, dy, dfilter)
Napi::Value BindDepthwiseBackwardFilter(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const ConvShape shape = NextDepthwiseShape(arguments);
  const float* x = NextFloats(arguments, InCount(arguments, shape));
  const float* dy = NextFloats(arguments, OutCount(arguments, shape));
  float* dfilter = NextFloats(arguments, FilterCount(arguments, shape));
  return arguments.Run([=] { return DepthwiseF32BackwardFilter(*context, shape, x, dy, dfilter); });
}

}  // namespace

void RegisterPool(Napi::Env, Napi::Object exports) {
  Export(exports, "pool2dF32", BindPool);
  Export(exports, "pool2dBackwardF32", BindPoolBackward);
  Export(exports, "depthwiseConv2dF32", BindDepthwise);
  Export(exports, "depthwiseBackwardInputF32", BindDepthwiseBackwardInput);
  Export(exports, "depthwiseBackwardFilterF32", BindDepthwiseBackwardFilter);
  ExportOperations(exports, VisitPoolF32);
  ExportOperations(exports, VisitDepthwiseF32);
}

}  // namespace qk
