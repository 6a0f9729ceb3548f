#include "code_arguments.h"
#include "qk/lookup_i8.h"
#include "qk/operators_i8.h"
#include "qk/pool_i8.h"

namespace qk {
namespace {

constexpr int64_t kLargestSide = int64_t{1} << 24;

uint8_t FlipOf(const Codes& codes) { return codes.is_signed ? 0x80 : 0; }

// A code (zero point or bound) of an array, in the domain of flipped codes.
int32_t NextCode(Arguments& arguments, const Codes& codes) {
  const int32_t offset = codes.is_signed ? 128 : 0;
  return static_cast<int32_t>(arguments.NextInt(-offset, 255 - offset)) + offset;
}

float NextFloat(Arguments& arguments) { return static_cast<float>(arguments.NextDouble()); }

// elementwiseI8(context, isAdd, a, zeroA, ratioA, b, zeroB, ratioB, out, zeroPoint, qmin, qmax)
Napi::Value BindElementwise(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  ElementwiseI8 call{};
  const bool is_add = arguments.NextBool();
  const Codes a = NextCodes(arguments);
  call.zero_a = NextCode(arguments, a);
  call.ratio_a = NextFloat(arguments);
  const Codes b = NextCodes(arguments);
  call.zero_b = NextCode(arguments, b);
  call.ratio_b = NextFloat(arguments);
  const Codes out = NextCodes(arguments);
  call.zero_point = NextCode(arguments, out);
  call.qmin = NextCode(arguments, out);
  call.qmax = NextCode(arguments, out);
  arguments.Require(a.length == b.length && a.length == out.length);
  call.a = a.data, call.b = b.data, call.out = out.data;
  call.count = a.length;
  call.flip_a = FlipOf(a), call.flip_b = FlipOf(b), call.flip_out = FlipOf(out);
  return arguments.Run([=] {
    RunElementwiseI8(*context, is_add, call);
    return Status::kOk;
  });
}

// lookupI8(context, codes, table u8 [256], out): indexed by the byte of a code
Napi::Value BindLookup(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const Codes codes = NextCodes(arguments);
  const Span<uint8_t> table = arguments.NextU8();
  const Codes out = NextCodes(arguments);
  arguments.Require(table.length >= 256 && out.length == codes.length);
  return arguments.Run([=] {
    RunLookupI8(*context, codes.data, codes.length, table.data, out.data);
    return Status::kOk;
  });
}

// concatI8(context, codes, rows, width, table u8 [256], out, outWidth, column)
Napi::Value BindConcat(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const Codes codes = NextCodes(arguments);
  const int64_t rows = arguments.NextSize();
  const int64_t width = arguments.NextSize();
  const Span<uint8_t> table = arguments.NextU8();
  const Codes out = NextCodes(arguments);
  const int64_t out_width = arguments.NextSize();
  const int64_t column = arguments.NextSize();
  arguments.Require(table.length >= 256 && column <= out_width && width <= out_width - column &&
                    codes.length >= NextProduct(arguments, rows, width) && out.length >= NextProduct(arguments, rows, out_width));
  return arguments.Run([=] {
    RunConcatI8(*context, codes.data, rows, width, table.data, out.data, out_width, column);
    return Status::kOk;
  });
}

// poolI8(context, isAverage, batch, height, width, channels, outHeight, outWidth, kernelHeight, kernelWidth, strideY, strideX,
//        dilationY, dilationX, padTop, padLeft, padBottom, padRight, countsPadding, input, zero, ratio, out, zeroPoint, qmin, qmax)
Napi::Value BindPool(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  PoolI8Call c{};
  c.is_average = arguments.NextBool();
  int64_t* const sizes[] = {&c.batch, &c.height, &c.width, &c.channels, &c.out_height, &c.out_width};
  for (int64_t* size : sizes) *size = arguments.NextInt(0, kLargestSide);
  int64_t* const steps[] = {&c.kernel_height, &c.kernel_width, &c.stride_y, &c.stride_x, &c.dilation_y, &c.dilation_x};
  for (int64_t* step : steps) *step = arguments.NextInt(1, kLargestSide);
  int64_t* const pads[] = {&c.pad_top, &c.pad_left, &c.pad_bottom, &c.pad_right};
  for (int64_t* pad : pads) *pad = arguments.NextInt(0, kLargestSide);
  c.counts_padding = arguments.NextBool();
  const Codes input = NextCodes(arguments);
  c.zero = NextCode(arguments, input);
  c.ratio = NextFloat(arguments);
  const Codes out = NextCodes(arguments);
  c.zero_point = NextCode(arguments, out);
  c.qmin = NextCode(arguments, out);
  c.qmax = NextCode(arguments, out);
  arguments.Require(NextProduct(arguments, c.kernel_height, c.kernel_width) <= int64_t{1} << 23, Status::kBadArgument);
  arguments.Require(input.length >= NextProduct(arguments, c.batch, c.height, c.width, c.channels) &&
                    out.length >= NextProduct(arguments, c.batch, c.out_height, c.out_width, c.channels));
  c.input = input.data, c.out = out.data;
  c.flip = FlipOf(input), c.flip_out = FlipOf(out);
  return arguments.Run([=] { return RunPoolI8(*context, c); });
}

// resizeI8(context, batch, height, width, channels, outHeight, outWidth, isLinear, roundsDown, coordinates, input, out)
Napi::Value BindResize(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  ResizeI8Call c{};
  c.batch = arguments.NextInt(0, kLargestSide);
  int64_t* const sizes[] = {&c.height, &c.width, &c.channels, &c.out_height, &c.out_width};
  for (int64_t* size : sizes) *size = arguments.NextInt(1, kLargestSide);
  c.is_linear = arguments.NextBool();
  c.rounds_down = arguments.NextBool();
  c.coordinates = static_cast<ResizeCoordinates>(arguments.NextInt(0, 2));
  const Codes input = NextCodes(arguments);
  const Codes out = NextCodes(arguments);
  arguments.Require(input.is_signed == out.is_signed, Status::kBadArgument);
  arguments.Require(input.length >= NextProduct(arguments, c.batch, c.height, c.width, c.channels) &&
                    out.length >= NextProduct(arguments, c.batch, c.out_height, c.out_width, c.channels));
  c.input = input.data, c.out = out.data;
  c.flip = FlipOf(input);
  return arguments.Run([=] { return RunResizeI8(*context, c); });
}

// softmaxI8(context, rows, columns, input, table u32 [256], inverseScale, out, zeroPoint, qmin, qmax)
Napi::Value BindSoftmax(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  SoftmaxI8Call c{};
  c.rows = arguments.NextSize();
  c.columns = arguments.NextInt(0, kLargestSide);
  const Codes input = NextCodes(arguments);
  const Span<uint32_t> table = arguments.NextU32();
  c.inverse_scale = NextFloat(arguments);
  const Codes out = NextCodes(arguments);
  c.zero_point = NextCode(arguments, out);
  c.qmin = NextCode(arguments, out);
  c.qmax = NextCode(arguments, out);
  const int64_t count = NextProduct(arguments, c.rows, c.columns);
  arguments.Require(table.length >= 256 && input.length >= count && out.length >= count);
  c.input = input.data, c.out = out.data, c.table = table.data;
  c.flip = FlipOf(input), c.flip_out = FlipOf(out);
  return arguments.Run([=] {
    RunSoftmaxI8(*context, c);
    return Status::kOk;
  });
}

}  // namespace

void RegisterOperatorsI8(Napi::Env, Napi::Object exports) {
  Export(exports, "elementwiseI8", BindElementwise);
  Export(exports, "lookupI8", BindLookup);
  Export(exports, "concatI8", BindConcat);
  Export(exports, "poolI8", BindPool);
  Export(exports, "resizeI8", BindResize);
  Export(exports, "softmaxI8", BindSoftmax);
  ExportOperations(exports, VisitElementwiseI8);
  ExportOperations(exports, VisitLookupI8);
  ExportOperations(exports, VisitPoolI8);
}

}  // namespace qk
