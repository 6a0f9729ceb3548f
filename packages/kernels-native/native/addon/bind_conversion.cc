#include "arguments.h"
#include "grid_arguments.h"
#include "qk/bit_pack.h"
#include "qk/convert_driver.h"
#include "qk/convert_f32.h"
#include "qk/half_f32.h"

namespace qk {
namespace {

// Codes of one of the four types.
struct Codes {
  napi_typedarray_type type;
  void* data;
};

Codes NextCodes(Arguments* arguments, int64_t count) {
  Codes codes = {napi_int8_array, nullptr};
  const Span<void> array = arguments->NextArray(&codes.type);
  const bool is_known = codes.type == napi_int8_array || codes.type == napi_uint8_array || codes.type == napi_int16_array ||
                        codes.type == napi_uint16_array;
  arguments->Require(is_known, Status::kBadArgument);
  arguments->Require(array.length >= count);
  codes.data = array.data;
  return codes;
}

// Calls body with a pointer of the codes' type.
template <class Body>
Status WithCodes(const Codes& codes, Body body) {
  switch (codes.type) {
    case napi_int8_array:
      return body(static_cast<int8_t*>(codes.data));
    case napi_uint8_array:
      return body(static_cast<uint8_t*>(codes.data));
    case napi_int16_array:
      return body(static_cast<int16_t*>(codes.data));
    case napi_uint16_array:
      return body(static_cast<uint16_t*>(codes.data));
    default:
      return Status::kBadArgument;
  }
}

// quantize(context, grid…, x f32, q)
Napi::Value BindQuantize(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const float* x = NextTensor(&arguments, grid);
  const Codes codes = NextCodes(&arguments, grid.layout.count());
  return arguments.Run([=] { return WithCodes(codes, [=](auto* q) { return Quantize(*context, grid, x, q); }); });
}

// dequantize(context, grid…, q, x f32)
Napi::Value BindDequantize(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const Codes codes = NextCodes(&arguments, grid.layout.count());
  float* x = NextTensor(&arguments, grid);
  return arguments.Run([=] {
    return WithCodes(codes, [=](auto* q) -> Status {
      const auto* from = q;
      return Dequantize(*context, grid, from, x);
    });
  });
}

// requantize(context, grid… with the multiplier as scale, acc i32, q)
Napi::Value BindRequantize(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const GridParams grid = NextGrid(&arguments);
  const Span<int32_t> acc = arguments.NextI32();
  const Codes codes = NextCodes(&arguments, grid.layout.count());
  arguments.Require(acc.length >= grid.layout.count());
  const int32_t* from = acc.data;
  return arguments.Run([=] { return WithCodes(codes, [=](auto* q) { return Requantize(*context, grid, from, q); }); });
}

bool AreValid(const FixedPointParams& params, int64_t multipliers, int64_t exponents) {
  const int64_t parameters = params.layout.parameters();
  if (multipliers < parameters || exponents < parameters) return false;
  for (int64_t g = 0; g < parameters; g++) {
    if (params.multiplier[g] < 0 || params.exponent[g] < -31 || params.exponent[g] > 14) return false;
  }
  return true;
}

// requantizeFixedPoint(context, layout…, roundsTwice 0|1, multiplier i32 [G], exponent i32 [G], zeroPoint, qmin, qmax, acc i32,
// q)
Napi::Value BindRequantizeFixedPoint(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  FixedPointParams params;
  params.layout = arguments.NextLayout();
  arguments.Require(params.layout.granularity != Granularity::kGroup, Status::kBadArgument);
  params.rounds_twice = arguments.NextBool();
  const Span<int32_t> multiplier = arguments.NextI32();
  const Span<int32_t> exponent = arguments.NextI32();
  params.multiplier = multiplier.data;
  params.exponent = exponent.data;
  params.zero_point = static_cast<int32_t>(arguments.NextInt(-65536, 65536));
  params.qmin = static_cast<int32_t>(arguments.NextInt(-65536, 65536));
  params.qmax = static_cast<int32_t>(arguments.NextInt(params.qmin, 65536));
  const Span<int32_t> acc = arguments.NextI32();
  const Codes codes = NextCodes(&arguments, params.layout.count());
  arguments.Require(acc.length >= params.layout.count());
  if (arguments.ok()) arguments.Require(AreValid(params, multiplier.length, exponent.length), Status::kBadArgument);
  const int32_t* from = acc.data;
  return arguments.Run(
      [=] { return WithCodes(codes, [=](auto* q) { return RequantizeFixedPoint(*context, params, from, q); }); });
}

// toHalf(context, format 0 float16 | 1 bfloat16, x f32, half u16)
Napi::Value BindToHalf(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const HalfFormat format = static_cast<HalfFormat>(arguments.NextInt(0, 1));
  const Span<float> x = arguments.NextF32();
  const Span<uint16_t> half = arguments.NextU16();
  arguments.Require(half.length >= x.length);
  return arguments.Run([=] { return ToHalf(*context, format, x.data, x.length, half.data); });
}

// fromHalf(context, format 0 float16 | 1 bfloat16, half u16, x f32)
Napi::Value BindFromHalf(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const HalfFormat format = static_cast<HalfFormat>(arguments.NextInt(0, 1));
  const Span<uint16_t> half = arguments.NextU16();
  const Span<float> x = arguments.NextF32();
  arguments.Require(x.length >= half.length);
  return arguments.Run([=] { return FromHalf(*context, format, half.data, half.length, x.data); });
}

// Codes as bytes, whether signed or not.
Span<uint8_t> NextBytes(Arguments* arguments) {
  napi_typedarray_type type = napi_uint8_array;
  const Span<void> array = arguments->NextArray(&type);
  arguments->Require(type == napi_int8_array || type == napi_uint8_array, Status::kBadArgument);
  return {static_cast<uint8_t*>(array.data), array.length};
}

int NextBits(Arguments* arguments) {
  const auto bits = static_cast<int>(arguments->NextInt(1, 8));
  arguments->Require((bits & (bits - 1)) == 0, Status::kBadArgument);
  return bits;
}

// packCodes(context, bits, isSigned 0|1, codes i8 | u8, bytes u8, bad f64 [1])
Napi::Value BindPackCodes(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int bits = NextBits(&arguments);
  const bool is_signed = arguments.NextBool();
  const Span<uint8_t> codes = NextBytes(&arguments);
  const Span<uint8_t> bytes = arguments.NextU8();
  const Span<double> bad = arguments.NextF64();
  arguments.Require(bytes.length >= (codes.length * bits + 7) / 8 && bad.length >= 1);
  return arguments.Run([=] {
    int64_t index = -1;
    const Status status = PackCodes(*context, codes.data, codes.length, bits, is_signed, bytes.data, &index);
    bad.data[0] = static_cast<double>(index);
    return status;
  });
}

// unpackCodes(context, bits, isSigned 0|1, bytes u8, codes i8 | u8)
Napi::Value BindUnpackCodes(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int bits = NextBits(&arguments);
  const bool is_signed = arguments.NextBool();
  const Span<uint8_t> bytes = arguments.NextU8();
  const Span<uint8_t> codes = NextBytes(&arguments);
  arguments.Require(bytes.length >= (codes.length * bits + 7) / 8);
  return arguments.Run([=] { return UnpackCodes(*context, bytes.data, codes.length, bits, is_signed, codes.data); });
}

}  // namespace

void RegisterConversion(Napi::Env, Napi::Object exports) {
  Export(exports, "quantize", BindQuantize);
  Export(exports, "dequantize", BindDequantize);
  Export(exports, "requantize", BindRequantize);
  Export(exports, "requantizeFixedPoint", BindRequantizeFixedPoint);
  Export(exports, "toHalf", BindToHalf);
  Export(exports, "fromHalf", BindFromHalf);
  Export(exports, "packCodes", BindPackCodes);
  Export(exports, "unpackCodes", BindUnpackCodes);
  ExportOperations(exports, VisitConvertF32);
  ExportOperations(exports, VisitHalfF32);
  ExportOperations(exports, VisitBitPack);
}

}  // namespace qk
