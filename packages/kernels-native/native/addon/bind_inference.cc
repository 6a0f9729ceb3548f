#include "code_arguments.h"
#include "qk/conv_i8.h"
#include "qk/depthwise_conv_i8.h"

namespace qk {
namespace {

constexpr int64_t kLargestSide = int64_t{1} << 24;
constexpr int64_t kLargestBias = (int64_t{1} << 31) - 1;

// outputs, kernelHeight, kernelWidth, channels per group, groups, mergesColumns
ConvI8Weights NextWeights(Arguments& arguments) {
  ConvI8Weights w;
  w.outputs = arguments.NextInt(1, kLargestSide);
  w.kernel_height = arguments.NextInt(1, kLargestSide);
  w.kernel_width = arguments.NextInt(1, kLargestSide);
  w.channels = arguments.NextInt(1, kLargestSide);
  w.groups = arguments.NextInt(1, kLargestSide);
  w.merges_columns = arguments.NextBool();
  arguments.Require(w.outputs % w.groups == 0 && (!w.merges_columns || w.groups == 1), Status::kBadArgument);
  const int64_t padded_outputs = NextProduct(arguments, w.outputs / w.groups + 15, w.groups);
  NextProduct(arguments, padded_outputs, w.kernel_height, w.kernel_width, w.channels + 3);
  return w;
}

struct Geometry {
  int64_t batch, height, width, out_height, out_width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
};

Geometry NextGeometry(Arguments& arguments) {
  Geometry g;
  g.batch = arguments.NextInt(0, kLargestSide);
  g.height = arguments.NextInt(0, kLargestSide);
  g.width = arguments.NextInt(0, kLargestSide);
  g.out_height = arguments.NextInt(0, kLargestSide);
  g.out_width = arguments.NextInt(0, kLargestSide);
  g.stride_y = arguments.NextInt(1, kLargestSide);
  g.stride_x = arguments.NextInt(1, kLargestSide);
  g.dilation_y = arguments.NextInt(1, kLargestSide);
  g.dilation_x = arguments.NextInt(1, kLargestSide);
  g.pad_top = arguments.NextInt(0, kLargestSide);
  g.pad_left = arguments.NextInt(0, kLargestSide);
  return g;
}

// The bordered copy of an image must not overflow its size.
void RequireBorder(Arguments& arguments, const Geometry& g, const ConvI8Weights& w) {
  const int64_t height = NextProduct(arguments, g.out_height, g.stride_y) + NextProduct(arguments, w.kernel_height, g.dilation_y);
  const int64_t width = NextProduct(arguments, g.out_width, g.stride_x) + NextProduct(arguments, w.kernel_width, g.dilation_x);
  NextProduct(arguments, g.batch, height + g.pad_top + 1, width + g.pad_left + 1, w.channels, w.groups);
}

// packConvI8(context, source codes [O][KH][KW][C] or [K][N], isTransposed, weights…, packed i8, sums i32)
Napi::Value BindPackConv(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  arguments.NextContext();
  const Codes source = NextCodes(arguments);
  const bool transposed = arguments.NextBool();
  const ConvI8Weights w = NextWeights(arguments);
  const Span<int8_t> packed = arguments.NextI8();
  const Span<int32_t> sums = arguments.NextI32();
  const ConvI8Packing p = PackingOf(w);
  arguments.Require(source.length >= NextProduct(arguments, w.outputs, w.kernel_height, w.kernel_width, w.channels) &&
                    packed.length >= p.bytes && sums.length >= w.groups * p.columns);
  arguments.Require(!transposed || (w.groups == 1 && w.kernel_height == 1 && w.kernel_width == 1), Status::kBadArgument);
  const uint8_t flip = source.is_signed ? 0 : 0x80;
  return arguments.Run([=] {
    if (transposed) {
      PackGemmI8Transposed(w, source.data, flip, packed.data, sums.data);
    } else {
      PackConvI8(w, source.data, flip, packed.data, sums.data);
    }
    return Status::kOk;
  });
}

// convI8(context, weights…, packed i8, sums i32, weightZero i32?, geometry…, input codes, inputZero, bias i32?, biasRoom,
//        multiplier f32?, addend f32?, fixed i32 [O][2]?, fixedOnce, zeroPoint, qmin, qmax, out i32 | f32 | codes)
Napi::Value BindConv(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  ConvI8Call c{};
  c.weights = NextWeights(arguments);
  const ConvI8Packing p = PackingOf(c.weights);
  const int64_t outputs = c.weights.outputs;
  const Span<int8_t> packed = arguments.NextI8();
  const Span<int32_t> sums = arguments.NextI32();
  c.packed = packed.data;
  c.sums = sums.data;
  c.weight_zero = NextOptional(arguments, &Arguments::NextI32, outputs);
  const Geometry g = NextGeometry(arguments);
  const Codes input = NextCodes(arguments);
  c.input_zero = static_cast<int32_t>(arguments.NextInt(-128, 255));
  c.bias = NextOptional(arguments, &Arguments::NextI32, outputs);
  c.bias_room = static_cast<int32_t>(arguments.NextInt(0, kLargestBias));
  c.multiplier = NextOptional(arguments, &Arguments::NextF32, outputs);
  c.addend = NextOptional(arguments, &Arguments::NextF32, outputs);
  c.fixed = reinterpret_cast<const FixedMultiplier*>(NextOptional(arguments, &Arguments::NextI32, 2 * outputs));
  c.fixed_once = arguments.NextBool();
  c.zero_point = static_cast<int32_t>(arguments.NextInt(-128, 255));
  c.qmin = static_cast<int32_t>(arguments.NextInt(-128, 255));
  c.qmax = static_cast<int32_t>(arguments.NextInt(c.qmin, 255));
  napi_typedarray_type type = napi_uint8_array;
  const Span<void> out = arguments.NextArray(&type);
  c.signed_codes = type == napi_int8_array;
  c.output = type == napi_int32_array     ? GemmI8Output::kI32
             : type == napi_float32_array ? GemmI8Output::kF32
                                          : GemmI8Output::kCodes;
  arguments.Require(type == napi_int32_array || type == napi_float32_array || type == napi_int8_array || type == napi_uint8_array,
                    Status::kBadArgument);
  arguments.Require(c.output == GemmI8Output::kI32 || c.multiplier != nullptr ||
                        (c.output == GemmI8Output::kCodes && c.fixed != nullptr), Status::kBadArgument);
  if (c.fixed != nullptr) {
    for (int64_t i = 0; i < outputs && arguments.ok(); i++) {
      arguments.Require(c.fixed[i].exponent >= -31 && c.fixed[i].exponent <= 14 && c.fixed[i].multiplier >= 0, Status::kBadArgument);
    }
  }
  RequireBorder(arguments, g, c.weights);
  arguments.Require(packed.length >= p.bytes && sums.length >= c.weights.groups * p.columns);
  arguments.Require(input.length >= NextProduct(arguments, g.batch, g.height, g.width, c.weights.channels, c.weights.groups));
  arguments.Require(out.length >= NextProduct(arguments, g.batch, g.out_height, g.out_width, outputs));
  c.batch = g.batch, c.height = g.height, c.width = g.width, c.out_height = g.out_height, c.out_width = g.out_width;
  c.stride_y = g.stride_y, c.stride_x = g.stride_x, c.dilation_y = g.dilation_y, c.dilation_x = g.dilation_x;
  c.pad_top = g.pad_top, c.pad_left = g.pad_left;
  c.input = input.data;
  c.input_signed = input.is_signed;
  c.out = out.data;
  return arguments.Run([=] { return RunConvI8(*context, c); });
}

// packDepthwiseI8(context, source codes [C][KH][KW], channels, kernelHeight, kernelWidth, packed i8, sums i32)
Napi::Value BindPackDepthwise(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  arguments.NextContext();
  const Codes source = NextCodes(arguments);
  const int64_t channels = arguments.NextInt(1, kLargestSide);
  const int64_t kernel_height = arguments.NextInt(1, 64);
  const int64_t kernel_width = arguments.NextInt(1, 64);
  const Span<int8_t> packed = arguments.NextI8();
  const Span<int32_t> sums = arguments.NextI32();
  arguments.Require(source.length >= channels * kernel_height * kernel_width &&
                    packed.length >= DepthwiseI8PackedBytes(channels, kernel_height, kernel_width) &&
                    sums.length >= DepthwiseI8PackedChannels(channels));
  return arguments.Run([=] {
    PackDepthwiseI8(channels, kernel_height, kernel_width, source.data, source.is_signed ? 0 : 0x80, packed.data, sums.data);
    return Status::kOk;
  });
}

// depthwiseI8(context, channels, kernelHeight, kernelWidth, packed i8, sums i32, geometry…, input codes, inputZero, bias i32?,
//             biasRoom, multiplier f32, zeroPoint, qmin, qmax, out codes)
Napi::Value BindDepthwise(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  DepthwiseConvI8Call c{};
  c.channels = arguments.NextInt(1, kLargestSide);
  c.kernel_height = arguments.NextInt(1, 64);
  c.kernel_width = arguments.NextInt(1, 64);
  const Span<int8_t> packed = arguments.NextI8();
  const Span<int32_t> sums = arguments.NextI32();
  const Geometry g = NextGeometry(arguments);
  const Codes input = NextCodes(arguments);
  c.input_zero = static_cast<int32_t>(arguments.NextInt(-128, 255));
  c.bias = NextOptional(arguments, &Arguments::NextI32, c.channels);
  c.bias_room = static_cast<int32_t>(arguments.NextInt(0, kLargestBias));
  const Span<float> multiplier = arguments.NextF32();
  c.zero_point = static_cast<int32_t>(arguments.NextInt(-128, 255));
  c.qmin = static_cast<int32_t>(arguments.NextInt(-128, 255));
  c.qmax = static_cast<int32_t>(arguments.NextInt(c.qmin, 255));
  const Codes out = NextCodes(arguments);
  arguments.Require(packed.length >= DepthwiseI8PackedBytes(c.channels, c.kernel_height, c.kernel_width) &&
                    sums.length >= DepthwiseI8PackedChannels(c.channels) && multiplier.length >= c.channels);
  arguments.Require(input.length >= NextProduct(arguments, g.batch, g.height, g.width, c.channels));
  arguments.Require(out.length >= NextProduct(arguments, g.batch, g.out_height, g.out_width, c.channels));
  c.packed = packed.data;
  c.sums = sums.data;
  c.batch = g.batch, c.height = g.height, c.width = g.width, c.out_height = g.out_height, c.out_width = g.out_width;
  c.stride_y = g.stride_y, c.stride_x = g.stride_x, c.dilation_y = g.dilation_y, c.dilation_x = g.dilation_x;
  c.pad_top = g.pad_top, c.pad_left = g.pad_left;
  c.input = input.data;
  c.input_signed = input.is_signed;
  c.multiplier = multiplier.data;
  c.signed_codes = out.is_signed;
  c.out = out.data;
  return arguments.Run([=] { return RunDepthwiseConvI8(*context, c); });
}

}  // namespace

void RegisterInference(Napi::Env, Napi::Object exports) {
  Export(exports, "packConvI8", BindPackConv);
  Export(exports, "convI8", BindConv);
  Export(exports, "packDepthwiseI8", BindPackDepthwise);
  Export(exports, "depthwiseI8", BindDepthwise);
  ExportOperations(exports, VisitGemmI8);
  ExportOperations(exports, VisitDepthwiseI8);
}

}  // namespace qk
