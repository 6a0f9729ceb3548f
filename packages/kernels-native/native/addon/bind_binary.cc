#include "code_arguments.h"
#include "qk/conv_b1.h"

namespace qk {
namespace {

constexpr int64_t kLargestSide = int64_t{1} << 24;

// outputs, kernelHeight, kernelWidth, channels, isTernary
ConvB1Weights NextWeights(Arguments& arguments) {
  ConvB1Weights w;
  w.outputs = arguments.NextInt(1, kLargestSide);
  w.kernel_height = arguments.NextInt(1, 256);
  w.kernel_width = arguments.NextInt(1, 256);
  w.channels = arguments.NextInt(1, kLargestSide);
  w.is_ternary = arguments.NextBool();
  NextProduct(arguments, w.outputs + 7, w.kernel_height, w.kernel_width, w.channels + 63);
  return w;
}

// Packed words travel as bytes on an 8-byte boundary.
uint64_t* NextWords(Arguments& arguments, int64_t words) {
  const Span<uint8_t> bytes = arguments.NextU8();
  arguments.Require(bytes.length >= words * 8);
  arguments.Require(reinterpret_cast<uintptr_t>(bytes.data) % 8 == 0, Status::kBadArgument);
  return reinterpret_cast<uint64_t*>(bytes.data);
}

// packConvB1(context, weights…, source i8 [O][KH][KW][C], packed u8, tapSums i32, counts i32)
Napi::Value BindPack(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  arguments.NextContext();
  const ConvB1Weights w = NextWeights(arguments);
  const ConvB1Packing p = PackingOf(w);
  const int64_t taps = w.kernel_height * w.kernel_width;
  const Span<int8_t> source = arguments.NextI8();
  uint64_t* packed = NextWords(arguments, p.total_words);
  const Span<int32_t> tap_sums = arguments.NextI32();
  const Span<int32_t> counts = arguments.NextI32();
  arguments.Require(source.length >= NextProduct(arguments, w.outputs, taps, w.channels) &&
                    tap_sums.length >= taps * p.columns && counts.length >= p.columns);
  return arguments.Run([=] {
    PackConvB1(w, source.data, packed, tap_sums.data, counts.data);
    return Status::kOk;
  });
}

// convB1(context, weights…, packed u8, tapSums i32, counts i32, batch, height, width, outHeight, outWidth, strideY, strideX,
//        dilationY, dilationX, padTop, padLeft, padding, input f32 | u8, scale f32?, offset f32?, threshold i32?, inverts u8?,
//        out i32 | f32 | u8)
Napi::Value BindConv(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  ConvB1Call c{};
  c.weights = NextWeights(arguments);
  const ConvB1Packing p = PackingOf(c.weights);
  const int64_t outputs = c.weights.outputs;
  c.packed = NextWords(arguments, p.total_words);
  const Span<int32_t> tap_sums = arguments.NextI32();
  const Span<int32_t> counts = arguments.NextI32();
  arguments.Require(tap_sums.length >= c.weights.kernel_height * c.weights.kernel_width * p.columns && counts.length >= p.columns);
  c.tap_sums = tap_sums.data;
  c.counts = counts.data;
  int64_t* const sizes[] = {&c.batch, &c.height, &c.width, &c.out_height, &c.out_width};
  for (int64_t* size : sizes) *size = arguments.NextInt(0, kLargestSide);
  int64_t* const steps[] = {&c.stride_y, &c.stride_x, &c.dilation_y, &c.dilation_x};
  for (int64_t* step : steps) *step = arguments.NextInt(1, kLargestSide);
  c.pad_top = arguments.NextInt(0, kLargestSide);
  c.pad_left = arguments.NextInt(0, kLargestSide);
  c.padding = static_cast<B1Padding>(arguments.NextInt(0, 2));
  napi_typedarray_type input_type = napi_uint8_array;
  const Span<void> input = arguments.NextArray(&input_type);
  const bool is_real = input_type == napi_float32_array;
  arguments.Require(is_real || input_type == napi_uint8_array, Status::kBadArgument);
  c.reals = is_real ? static_cast<const float*>(input.data) : nullptr;
  c.signs = is_real ? nullptr : static_cast<const uint8_t*>(input.data);
  c.scale = NextOptional(arguments, &Arguments::NextF32, outputs);
  c.offset = NextOptional(arguments, &Arguments::NextF32, outputs);
  c.threshold = NextOptional(arguments, &Arguments::NextI32, outputs);
  c.inverts = NextOptional(arguments, &Arguments::NextU8, (outputs + 7) / 8);
  napi_typedarray_type out_type = napi_uint8_array;
  const Span<void> out = arguments.NextArray(&out_type);
  c.output = out_type == napi_int32_array     ? GemmB1Output::kI32
             : out_type == napi_float32_array ? GemmB1Output::kF32
                                              : GemmB1Output::kBits;
  const bool is_complete = c.output == GemmB1Output::kI32 || (c.output == GemmB1Output::kF32 && c.scale != nullptr) ||
                           (out_type == napi_uint8_array && c.threshold != nullptr && c.inverts != nullptr);
  arguments.Require(is_complete, Status::kBadArgument);
  const int64_t pixels = NextProduct(arguments, c.batch, c.height, c.width);
  const int64_t out_pixels = NextProduct(arguments, c.batch, c.out_height, c.out_width);
  arguments.Require(input.length >= NextProduct(arguments, pixels, is_real ? c.weights.channels : p.words * 8));
  const int64_t per_pixel = c.output == GemmB1Output::kBits ? (outputs + 63) / 64 * 8 : outputs;
  arguments.Require(out.length >= NextProduct(arguments, out_pixels, per_pixel));
  // The bordered copy of the image must not overflow its size.
  const int64_t padded_height = NextProduct(arguments, c.out_height, c.stride_y) +
                                NextProduct(arguments, c.weights.kernel_height, c.dilation_y) + c.pad_top + 1;
  const int64_t padded_width = NextProduct(arguments, c.out_width, c.stride_x) +
                               NextProduct(arguments, c.weights.kernel_width, c.dilation_x) + c.pad_left + 1;
  NextProduct(arguments, c.batch, padded_height, padded_width, p.words * 8);
  c.out = out.data;
  return arguments.Run([=] { return RunConvB1(*context, c); });
}

}  // namespace

void RegisterBinary(Napi::Env, Napi::Object exports) {
  Export(exports, "packConvB1", BindPack);
  Export(exports, "convB1", BindConv);
  ExportOperations(exports, VisitGemmB1);
}

}  // namespace qk
