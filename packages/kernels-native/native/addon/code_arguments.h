#ifndef QK_ADDON_CODE_ARGUMENTS_H_
#define QK_ADDON_CODE_ARGUMENTS_H_

#include "arguments.h"

namespace qk {

// Eight-bit codes of either sign.
struct Codes {
  uint8_t* data;
  int64_t length;
  bool is_signed;
};

// The next argument, an Int8Array or a Uint8Array.
inline Codes NextCodes(Arguments& arguments) {
  napi_typedarray_type type = napi_uint8_array;
  const Span<void> any = arguments.NextArray(&type);
  const bool fits = type == napi_uint8_array || type == napi_int8_array;
  if (!arguments.Require(fits, Status::kBadArgument)) return {nullptr, 0, false};
  return {static_cast<uint8_t*>(any.data), any.length, type == napi_int8_array};
}

// An optional array of exactly `length` or more elements; null when absent.
template <class T>
T* NextOptional(Arguments& arguments, Span<T> (Arguments::*next)(), int64_t length) {
  if (arguments.SkipNull()) return nullptr;
  const Span<T> span = (arguments.*next)();
  arguments.Require(span.length >= length);
  return span.data;
}

// The product of dimensions, an error above 2^40 (every count that reaches a driver is below).
template <class... Sizes>
int64_t NextProduct(Arguments& arguments, Sizes... sizes) {
  const double product = (1.0 * ... * static_cast<double>(sizes));
  if (!arguments.Require(product <= static_cast<double>(int64_t{1} << 40), Status::kBadArgument)) return 0;
  return (int64_t{1} * ... * sizes);
}

}  // namespace qk

#endif  // QK_ADDON_CODE_ARGUMENTS_H_
