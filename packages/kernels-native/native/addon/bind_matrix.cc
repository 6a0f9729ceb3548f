#include "float_arguments.h"
#include "qk/conv_f32.h"
#include "qk/gemm_f32.h"
#include "qk/winograd_f32.h"

namespace qk {
namespace {

int64_t LastElement(Arguments& arguments, int64_t batch, int64_t batch_stride, int64_t rows, int64_t row_stride,
                    int64_t columns) {
  if (batch == 0 || rows == 0 || columns == 0) return 0;
  return RequireCount(arguments, {batch - 1, batch_stride}) + RequireCount(arguments, {rows - 1, row_stride}) + columns;
}

// Floats of a packed matrix; padding makes it at most 32 columns wider.
int64_t PackedCount(Arguments& arguments, const Context* context, int64_t k, int64_t n) {
  RequireCount(arguments, {k, n + 32});
  return context != nullptr && arguments.ok() ? PackedF32Size(context->tier(), k, n) : 0;
}

// packF32(context, k, n, transposed, rowStride, b, packed)
Napi::Value BindPack(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t k = arguments.NextSize(), n = arguments.NextSize();
  const bool transposed = arguments.NextBool();
  const int64_t stride = arguments.NextSize(), rows = transposed ? n : k, columns = transposed ? k : n;
  arguments.Require(stride >= columns, Status::kBadArgument);
  const float* b = NextFloats(arguments, LastElement(arguments, 1, 0, rows, stride, columns));
  float* packed = NextFloats(arguments, PackedCount(arguments, context, k, n));
  return arguments.Run([=] {
    PackF32(*context, {b, stride, transposed}, k, n, packed);
    return Status::kOk;
  });
}

// packedSizeF32(context, k, n): floats, or -1
Napi::Value BindPackedSize(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const Context* context = arguments.NextContext();
  const int64_t k = arguments.NextSize(), n = arguments.NextSize();
  const int64_t size = PackedCount(arguments, context, k, n);
  return Napi::Number::New(info.Env(), arguments.ok() ? static_cast<double>(size) : -1.0);
}

// gemmF32(context, m, n, k, batch, transposeA, transposeB, rowStrideA, rowStrideB, rowStrideC, strideA, strideB, strideC,
//         a, b, isPacked, bias f32? [n], c, accumulate, minimum, maximum)
Napi::Value BindGemm(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  GemmF32Call call = {};
  for (int64_t* size : {&call.m, &call.n, &call.k, &call.batch}) *size = arguments.NextSize();
  call.a.transposed = arguments.NextBool();
  call.b.transposed = arguments.NextBool();
  for (int64_t* stride : {&call.a.stride, &call.b.stride, &call.c_stride, &call.a_batch, &call.b_batch, &call.c_batch}) {
    *stride = arguments.NextSize();
  }
  RequireCount(arguments, {call.m, call.n, call.batch});
  RequireCount(arguments, {call.m, call.k, call.batch});
  RequireCount(arguments, {call.k, call.n + 32, call.batch});
  const int64_t a_rows = call.a.transposed ? call.k : call.m, a_columns = call.a.transposed ? call.m : call.k;
  const int64_t b_rows = call.b.transposed ? call.n : call.k, b_columns = call.b.transposed ? call.k : call.n;
  arguments.Require(call.a.stride >= a_columns && call.b.stride >= b_columns && call.c_stride >= call.n, Status::kBadArgument);
  call.a.data = NextFloats(arguments, LastElement(arguments, call.batch, call.a_batch, a_rows, call.a.stride, a_columns));
  const Span<float> b = arguments.NextF32();
  const bool is_packed = arguments.NextBool();
  call.b.data = b.data;
  if (is_packed && context != nullptr) call.packed_b = b.data;
  arguments.Require(b.length >= (is_packed
                                     ? PackedCount(arguments, context, call.k, call.n)
                                     : LastElement(arguments, call.batch, call.b_batch, b_rows, call.b.stride, b_columns)));
  call.bias = NextOptionalFloats(arguments, call.n);
  call.c = NextFloats(arguments, LastElement(arguments, call.batch, call.c_batch, call.m, call.c_stride, call.n));
  call.accumulate = arguments.NextBool();
  call.minimum = static_cast<float>(arguments.NextDouble());
  call.maximum = static_cast<float>(arguments.NextDouble());
  return arguments.Run([=] { return GemmF32(*context, call); });
}

int64_t InCount(Arguments& arguments, const ConvShape& s) {
  return RequireCount(arguments, {s.batch, s.in_height, s.in_width, s.in_channels});
}
int64_t OutCount(Arguments& arguments, const ConvShape& s) {
  return RequireCount(arguments, {s.batch, s.out_height, s.out_width, s.out_channels});
}
int64_t FilterCount(Arguments& arguments, const ConvShape& s) {
  return RequireCount(arguments, {s.filter_height, s.filter_width, s.in_channels, s.out_channels});
}

// conv2dF32(context, shape…, x, filter, isPacked, bias f32?, residual f32?, y, minimum, maximum)
Napi::Value BindConv(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  ConvF32Call call = {};
  call.shape = NextConvShape(arguments);
  call.x = NextFloats(arguments, InCount(arguments, call.shape));
  const Span<float> filter = arguments.NextF32();
  const bool is_packed = arguments.NextBool();
  const ConvShape& s = call.shape;
  call.filter = filter.data;
  if (is_packed) call.packed_filter = filter.data;
  const int64_t rows = RequireCount(arguments, {s.filter_height, s.filter_width, s.in_channels});
  arguments.Require(filter.length >=
                    (is_packed ? PackedCount(arguments, context, rows, s.out_channels) : FilterCount(arguments, s)));
  call.bias = NextOptionalFloats(arguments, call.shape.out_channels);
  call.residual = NextOptionalFloats(arguments, OutCount(arguments, call.shape));
  call.y = NextFloats(arguments, OutCount(arguments, call.shape));
  call.minimum = static_cast<float>(arguments.NextDouble());
  call.maximum = static_cast<float>(arguments.NextDouble());
  return arguments.Run([=] { return ConvF32(*context, call); });
}

// conv2dBackwardInputF32(context, shape…, dy, filter, residual?, gate?, dx)
Napi::Value BindConvBackwardInput(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  ConvF32BackwardInputCall call = {};
  call.shape = NextConvShape(arguments);
  const int64_t count = InCount(arguments, call.shape);
  call.dy = NextFloats(arguments, OutCount(arguments, call.shape));
  call.filter = NextFloats(arguments, FilterCount(arguments, call.shape));
  call.residual = NextOptionalFloats(arguments, count);
  call.gate = NextOptionalFloats(arguments, count);
  call.dx = NextFloats(arguments, count);
  return arguments.Run([=] { return ConvF32BackwardInput(*context, call); });
}

// conv2dBackwardFilterF32(context, shape…, x, dy, dfilter, dbias f32?)
Napi::Value BindConvBackwardFilter(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const ConvShape shape = NextConvShape(arguments);
  const float* x = NextFloats(arguments, InCount(arguments, shape));
  const float* dy = NextFloats(arguments, OutCount(arguments, shape));
  float* dfilter = NextFloats(arguments, FilterCount(arguments, shape));
  float* dbias = NextOptionalFloats(arguments, shape.out_channels);
  return arguments.Run([=] { return ConvF32BackwardFilter(*context, shape, x, dy, dfilter, dbias); });
}

}  // namespace

void RegisterMatrix(Napi::Env, Napi::Object exports) {
  Export(exports, "packF32", BindPack);
  exports.Set("packedSizeF32", Napi::Function::New(exports.Env(), BindPackedSize, "packedSizeF32"));
  Export(exports, "gemmF32", BindGemm);
  Export(exports, "conv2dF32", BindConv);
  Export(exports, "conv2dBackwardInputF32", BindConvBackwardInput);
  Export(exports, "conv2dBackwardFilterF32", BindConvBackwardFilter);
  ExportOperations(exports, VisitGemmF32);
  ExportOperations(exports, VisitConvF32);
  ExportOperations(exports, VisitWinogradF32);
}

}  // namespace qk
