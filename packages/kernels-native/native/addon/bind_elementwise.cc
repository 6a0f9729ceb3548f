#include <cmath>

#include "float_arguments.h"
#include "qk/elementwise_f32.h"

namespace qk {
namespace {

// sizes, strides of a, strides of b: a Float64Array of 3 * rank. Also the elements that a and b must have.
Broadcast NextBroadcast(Arguments& arguments, int64_t* count, int64_t* a_count, int64_t* b_count) {
  Broadcast shape = {};
  const Span<double> numbers = arguments.NextF64();
  shape.rank = numbers.length / 3;
  *count = 1;
  *a_count = *b_count = 0;
  const bool fits = numbers.length % 3 == 0 && shape.rank >= 1 && shape.rank <= kMostDimensions;
  if (!arguments.Require(fits, Status::kBadArgument)) return shape;
  constexpr double kMost = static_cast<double>(int64_t{1} << 40);
  double a_last = 0, b_last = 0, total = 1;
  for (int64_t d = 0; d < shape.rank; d++) {
    const double size = numbers.data[d], a = numbers.data[shape.rank + d], b = numbers.data[2 * shape.rank + d];
    for (const double n : {size, a, b}) {
      if (!arguments.Require(n >= 0 && n <= kMost && n == std::floor(n), Status::kBadArgument)) return shape;
    }
    total *= size;
    a_last += (size - 1) * a;
    b_last += (size - 1) * b;
    shape.sizes[d] = static_cast<int64_t>(size);
    shape.a_strides[d] = static_cast<int64_t>(a);
    shape.b_strides[d] = static_cast<int64_t>(b);
  }
  const int64_t inner = shape.rank - 1;
  const bool unit = shape.a_strides[inner] <= 1 && shape.b_strides[inner] <= 1;
  if (!arguments.Require(unit && total <= kMost && a_last < kMost && b_last < kMost, Status::kBadArgument)) return shape;
  *count = static_cast<int64_t>(total);
  *a_count = *count == 0 ? 0 : static_cast<int64_t>(a_last) + 1;
  *b_count = *count == 0 ? 0 : static_cast<int64_t>(b_last) + 1;
  return shape;
}

// unaryF32(context, op, n, x, a, b, y)
Napi::Value BindUnary(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const auto op = static_cast<UnaryF32>(arguments.NextInt(0, static_cast<int64_t>(UnaryF32::kCount) - 1));
  const int64_t n = arguments.NextSize();
  const float* x = NextFloats(arguments, n);
  const float a = static_cast<float>(arguments.NextDouble()), b = static_cast<float>(arguments.NextDouble());
  float* y = NextFloats(arguments, n);
  return arguments.Run([=] { return RunUnaryF32(*context, op, x, n, a, b, y); });
}

// binaryF32(context, op, broadcast f64, a, b, parameter, limit, y)
Napi::Value BindBinary(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const auto op = static_cast<BinaryF32>(arguments.NextInt(0, static_cast<int64_t>(BinaryF32::kCount) - 1));
  int64_t count, a_count, b_count;
  const Broadcast shape = NextBroadcast(arguments, &count, &a_count, &b_count);
  const float* a = NextFloats(arguments, a_count);
  const float* b = NextFloats(arguments, b_count);
  const float parameter = static_cast<float>(arguments.NextDouble());
  const float limit = static_cast<float>(arguments.NextDouble());
  float* y = NextFloats(arguments, count);
  return arguments.Run([=] { return RunBinaryF32(*context, op, shape, a, b, parameter, limit, y); });
}

// compareF32(context, op, broadcast f64, a, b, y u8)
Napi::Value BindCompare(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const auto op = static_cast<CompareF32>(arguments.NextInt(0, static_cast<int64_t>(CompareF32::kCount) - 1));
  int64_t count, a_count, b_count;
  const Broadcast shape = NextBroadcast(arguments, &count, &a_count, &b_count);
  const float* a = NextFloats(arguments, a_count);
  const float* b = NextFloats(arguments, b_count);
  const Span<uint8_t> y = arguments.NextU8();
  arguments.Require(y.length >= count);
  return arguments.Run([=] { return RunCompareF32(*context, op, shape, a, b, y.data); });
}

// selectF32(context, n, condition u8, a, b, y)
Napi::Value BindSelect(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t n = arguments.NextSize();
  const Span<uint8_t> condition = arguments.NextU8();
  arguments.Require(condition.length >= n);
  const float* a = NextFloats(arguments, n);
  const float* b = NextFloats(arguments, n);
  float* y = NextFloats(arguments, n);
  return arguments.Run([=] { return RunSelectF32(*context, condition.data, a, b, n, y); });
}

}  // namespace

void RegisterElementwise(Napi::Env, Napi::Object exports) {
  Export(exports, "unaryF32", BindUnary);
  Export(exports, "binaryF32", BindBinary);
  Export(exports, "compareF32", BindCompare);
  Export(exports, "selectF32", BindSelect);
  ExportOperations(exports, VisitElementwiseF32);
}

}  // namespace qk
