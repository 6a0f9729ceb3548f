#include <napi.h>

#include <cstdint>

namespace qk {
namespace {

constexpr double kLargestAlignment = 4096;

// alignmentOffset(buffer ArrayBuffer, alignment) -> bytes to skip so that the address is a multiple of it; -1 for bad arguments.
Napi::Value AlignmentOffset(const Napi::CallbackInfo& info) {
  const bool is_fine = info.Length() >= 2 && info[0].IsArrayBuffer() && info[1].IsNumber();
  const double alignment = is_fine ? info[1].As<Napi::Number>().DoubleValue() : 0;
  if (!(alignment >= 1 && alignment <= kLargestAlignment)) return Napi::Number::New(info.Env(), -1);
  const auto step = static_cast<uintptr_t>(alignment);
  const auto past = reinterpret_cast<uintptr_t>(info[0].As<Napi::ArrayBuffer>().Data()) % step;
  return Napi::Number::New(info.Env(), static_cast<double>(past == 0 ? 0 : step - past));
}

}  // namespace

void RegisterMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("alignmentOffset", Napi::Function::New(env, AlignmentOffset, "alignmentOffset"));
}

}  // namespace qk
