#include "arguments.h"
#include "qk/movement.h"

namespace qk {
namespace {

constexpr double kMostElements = 1099511627776.0;  // 2^40

int BytesOf(napi_typedarray_type type) {
  if (type == napi_float32_array || type == napi_int32_array) return 4;
  return type == napi_uint8_array ? 1 : 0;
}

// Sizes and strides as they came, each within [0, 2^40].
bool ReadGeometry(const Span<double>& geometry, StridedCopy* copy) {
  if (geometry.length % 3 != 0 || geometry.length > 3 * kMostCopyAxes) return false;
  copy->rank = static_cast<int>(geometry.length / 3);
  for (int64_t i = 0; i < geometry.length; i++) {
    const double value = geometry.data[i];
    if (!(value >= 0 && value <= kMostElements)) return false;
    int64_t* lists[] = {copy->size, copy->from_stride, copy->to_stride};
    lists[i / copy->rank][i % copy->rank] = static_cast<int64_t>(value);
  }
  return true;
}

// Elements from the first to the last that a view touches; the largest number there is when that overflows.
int64_t Extent(const StridedCopy& copy, const int64_t* stride) {
  int64_t extent = 1;
  for (int axis = 0; axis < copy.rank; axis++) {
    int64_t reach;
    if (copy.size[axis] == 0) return 0;
    if (__builtin_mul_overflow(copy.size[axis] - 1, stride[axis], &reach) || __builtin_add_overflow(extent, reach, &extent)) {
      return INT64_MAX;
    }
  }
  return extent;
}

// copyStrided(context, geometry f64 [3][rank] (sizes, from strides, to strides), fromOffset, toOffset, from, to)
Napi::Value BindCopyStrided(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const Span<double> geometry = arguments.NextF64();
  const int64_t from_offset = arguments.NextSize();
  const int64_t to_offset = arguments.NextSize();
  napi_typedarray_type from_type = napi_int8_array, to_type = napi_int8_array;
  const Span<void> from = arguments.NextArray(&from_type);
  const Span<void> to = arguments.NextArray(&to_type);
  const int bytes = BytesOf(from_type);
  StridedCopy copy{};
  arguments.Require(arguments.ok() && bytes > 0 && from_type == to_type && ReadGeometry(geometry, &copy), Status::kBadArgument);
  arguments.Require(arguments.ok() && Extent(copy, copy.from_stride) <= from.length - from_offset &&
                    Extent(copy, copy.to_stride) <= to.length - to_offset);
  return arguments.Run([=] {
    CopyStrided(*context, copy, bytes, static_cast<const uint8_t*>(from.data) + from_offset * bytes,
                static_cast<uint8_t*>(to.data) + to_offset * bytes);
    return Status::kOk;
  });
}

// gatherRows(context, outer, rows, inner, from, indices i32 [count], to)
Napi::Value BindGatherRows(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  const int64_t outer = arguments.NextSize();
  const int64_t rows = arguments.NextSize();
  const int64_t inner = arguments.NextSize();
  napi_typedarray_type from_type = napi_int8_array, to_type = napi_int8_array;
  const Span<void> from = arguments.NextArray(&from_type);
  const Span<int32_t> indices = arguments.NextI32();
  const Span<void> to = arguments.NextArray(&to_type);
  const int bytes = BytesOf(from_type);
  arguments.Require(bytes > 0 && from_type == to_type, Status::kBadArgument);
  int64_t from_count = 0, to_count = 0;
  const bool fits = !__builtin_mul_overflow(outer, rows, &from_count) &&
                    !__builtin_mul_overflow(from_count, inner, &from_count) &&
                    !__builtin_mul_overflow(outer, indices.length, &to_count) &&
                    !__builtin_mul_overflow(to_count, inner, &to_count) && from_count <= from.length && to_count <= to.length;
  arguments.Require(fits);
  return arguments.Run(
      [=] { return GatherRows(*context, outer, rows, inner, indices.length, bytes, from.data, indices.data, to.data); });
}

}  // namespace

void RegisterMovement(Napi::Env, Napi::Object exports) {
  Export(exports, "copyStrided", BindCopyStrided);
  Export(exports, "gatherRows", BindGatherRows);
}

}  // namespace qk
