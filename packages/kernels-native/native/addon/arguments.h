#ifndef QK_ADDON_ARGUMENTS_H_
#define QK_ADDON_ARGUMENTS_H_

#include <napi.h>

#include <functional>
#include <memory>

#include "qk/context.h"
#include "qk/layout.h"
#include "qk/table.h"
#include "qk/types.h"

namespace qk {

// Reads the arguments of one call in order: the context first, then typed arrays and numbers. No policy: TypeScript has
// checked everything before. What is wrong all the same is remembered, and Run() then returns its status instead of working,
// so that no argument whatsoever can crash the process.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info);

  // The next argument. Empty spans, 0 and a null context when it is not what was asked for.
  Context* NextContext();
  Span<float> NextF32() { return NextSpan<float>(napi_float32_array); }
  Span<double> NextF64() { return NextSpan<double>(napi_float64_array); }
  Span<int8_t> NextI8() { return NextSpan<int8_t>(napi_int8_array); }
  Span<uint8_t> NextU8() { return NextSpan<uint8_t>(napi_uint8_array); }
  Span<int16_t> NextI16() { return NextSpan<int16_t>(napi_int16_array); }
  Span<uint16_t> NextU16() { return NextSpan<uint16_t>(napi_uint16_array); }
  Span<int32_t> NextI32() { return NextSpan<int32_t>(napi_int32_array); }
  Span<uint32_t> NextU32() { return NextSpan<uint32_t>(napi_uint32_array); }
  // A typed array of any kind, its kind and its length in elements.
  Span<void> NextArray(napi_typedarray_type* type);
  // Whether the next argument is null or undefined; if so it is passed over. For optional arrays.
  bool SkipNull();
  // An integer within [low, high]; anything else is an error.
  int64_t NextInt(int64_t low, int64_t high);
  // A dimension or count: an integer within [0, 2^40].
  int64_t NextSize() { return NextInt(0, int64_t{1} << 40); }
  double NextDouble();
  bool NextBool() { return NextInt(0, 1) != 0; }
  // granularity (0, 1, 2), outer, length, inner, size.
  Layout NextLayout();

  // Remembers an error unless the condition holds; returns the condition.
  bool Require(bool condition, Status status = Status::kBadLength);
  bool ok() const { return status_ == Status::kOk; }

  // The result of the binding: does the work, or hands it to a thread of libuv's pool and returns a promise when the function
  // was called in its asynchronous form. The arguments are kept alive until then. `work` must not touch N-API.
  Napi::Value Run(std::function<Status()> work);

 private:
  template <class T>
  Span<T> NextSpan(napi_typedarray_type wanted) {
    napi_typedarray_type type = napi_int8_array;
    const Span<void> any = NextArray(&type);
    if (!Require(type == wanted, Status::kBadArgument)) return {nullptr, 0};
    return {static_cast<T*>(any.data), any.length};
  }
  napi_value Next();

  const Napi::CallbackInfo& info_;
  size_t next_ = 0;
  Status status_ = Status::kOk;
  std::shared_ptr<Context> context_;
};

// Puts a binding on `exports` twice: `name` returns a status, `nameAsync` a promise of one.
void Export(Napi::Object exports, const char* name, Napi::Value (*binding)(const Napi::CallbackInfo&));

// Adds a family to what `operations(context)` lists.
void ExportOperations(Napi::Object exports, void (*visit)(Tier, OpVisitor, void*));

}  // namespace qk

#endif  // QK_ADDON_ARGUMENTS_H_
