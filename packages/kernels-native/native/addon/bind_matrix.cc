#include "float_arguments.h"
#include "qk/conv_f32.h"
#include "qk/gemm_f32.h"

namespace qk {
namespace {

int64_t LastElement(Arguments& arguments, int64_t batch, int64_t batch_stride, int64_t rows, int64_t row_stride,
                    int64_t columns) {
  if (batch == 0 || rows == 0 || columns == 0) return 0;
  return RequireCount(arguments, {batch - 1, batch_stride}) + RequireCount(arguments, {rows - 1, row_stride}) + columns;
}

// gemmF32(context, m, n, k, batch, transposeA, transposeB, rowStrideA, rowStrideB, rowStrideC, strideA, strideB, strideC,
//         a, b, bias f32? [n], c, accumulate, minimum, maximum)
Napi::Value BindGemm(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  GemmF32Call call = {};
  for (int64_t* size : {&call.m, &call.n, &call.k, &call.batch}) *size = arguments.NextSize();
  call.transpose_a = arguments.NextBool();
  call.transpose_b = arguments.NextBool();
  for (int64_t* stride : {&call.a_stride, &call.b_stride, &call.c_stride, &call.a_batch, &call.b_batch, &call.c_batch}) {
    *stride = arguments.NextSize();
  }
  RequireCount(arguments, {call.m, call.n, call.batch});
  RequireCount(arguments, {call.m, call.k, call.batch});
  RequireCount(arguments, {call.k, call.n + 32, call.batch});
  const int64_t a_rows = call.transpose_a ? call.k : call.m, a_columns = call.transpose_a ? call.m : call.k;
  const int64_t b_rows = call.transpose_b ? call.n : call.k, b_columns = call.transpose_b ? call.k : call.n;
  arguments.Require(call.a_stride >= a_columns && call.b_stride >= b_columns && call.c_stride >= call.n, Status::kBadArgument);
  call.a = NextFloats(arguments, LastElement(arguments, call.batch, call.a_batch, a_rows, call.a_stride, a_columns));
  call.b = NextFloats(arguments, LastElement(arguments, call.batch, call.b_batch, b_rows, call.b_stride, b_columns));
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

// conv2dF32(context, shape…, x, filter, bias f32?, residual f32?, y, minimum, maximum)
Napi::Value BindConv(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  ConvF32Call call = {};
  call.shape = NextConvShape(arguments);
  call.x = NextFloats(arguments, InCount(arguments, call.shape));
  call.filter = NextFloats(arguments, FilterCount(arguments, call.shape));
  call.bias = NextOptionalFloats(arguments, call.shape.out_channels);
  call.residual = NextOptionalFloats(arguments, OutCount(arguments, call.shape));
  call.y = NextFloats(arguments, OutCount(arguments, call.shape));
  call.minimum = static_cast<float>(arguments.NextDouble());
  call.maximum = static_cast<float>(arguments.NextDouble());
  return arguments.Run([=] { return ConvF32(*context, call); });
}

// conv2dBackwardInputF32(context, shape…, dy, filter, dx)
Napi::Value BindConvBackwardInput(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const ConvShape shape = NextConvShape(arguments);
  const float* dy = NextFloats(arguments, OutCount(arguments, shape));
  const float* filter = NextFloats(arguments, FilterCount(arguments, shape));
  float* dx = NextFloats(arguments, InCount(arguments, shape));
  return arguments.Run([=] { return ConvF32BackwardInput(*context, shape, dy, filter, dx); });
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
  Export(exports, "gemmF32", BindGemm);
  Export(exports, "conv2dF32", BindConv);
  Export(exports, "conv2dBackwardInputF32", BindConvBackwardInput);
  Export(exports, "conv2dBackwardFilterF32", BindConvBackwardFilter);
  ExportOperations(exports, VisitGemmF32);
  ExportOperations(exports, VisitConvF32);
}

}  // namespace qk
