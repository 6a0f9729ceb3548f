#include "context_object.h"

#include <string>
#include <vector>

#include "arguments.h"
#include "qk/tier.h"

namespace qk {
namespace {

constexpr napi_type_tag kTag = {0x8d5a1f0c7b2e4396, 0xa1c3e5f708192a3b};
constexpr int kMostThreads = 1024;

using Handle = std::shared_ptr<Context>;

void Release(napi_env, void* data, void*) { delete static_cast<Handle*>(data); }

// What every family registered. One list per environment, so that worker threads do not share it.
struct Families {
  std::vector<void (*)(Tier, OpVisitor, void*)> visits;
};

}  // namespace

std::shared_ptr<Context> ContextOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_object) return nullptr;
  bool is_handle = false;
  if (napi_check_object_type_tag(env, value, &kTag, &is_handle) != napi_ok || !is_handle) return nullptr;
  void* data = nullptr;
  if (napi_unwrap(env, value, &data) != napi_ok || data == nullptr) return nullptr;
  return *static_cast<Handle*>(data);
}

Napi::Value CreateContext(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString() || !info[1].IsNumber()) return env.Null();
  const std::string name = info[0].As<Napi::String>();
  const double threads = info[1].As<Napi::Number>();
  if (!(threads >= 1 && threads <= kMostThreads)) return env.Null();
  const CpuFeatures features = DetectCpuFeatures();
  for (int i = 0; i < kTierCount; i++) {
    const Tier tier = static_cast<Tier>(i);
    if (name != TierName(tier) || !IsSupported(tier, features)) continue;
    Napi::Object object = Napi::Object::New(env);
    Handle* handle = new Handle(std::make_shared<Context>(tier, static_cast<int>(threads)));
    if (napi_wrap(env, object, handle, Release, nullptr, nullptr) != napi_ok) {
      delete handle;
      return env.Null();
    }
    napi_type_tag_object(env, object, &kTag);
    return object;
  }
  return env.Null();
}

Napi::Value ListTiers(const Napi::CallbackInfo& info) {
  const CpuFeatures features = DetectCpuFeatures();
  Napi::Array names = Napi::Array::New(info.Env());
  for (int i = 0; i < kTierCount; i++) {
    const Tier tier = static_cast<Tier>(i);
    if (IsSupported(tier, features)) names.Set(names.Length(), Napi::String::New(info.Env(), TierName(tier)));
  }
  return names;
}

void ExportOperations(Napi::Object exports, void (*visit)(Tier, OpVisitor, void*)) {
  Families* families = exports.Env().GetInstanceData<Families>();
  if (families == nullptr) {
    families = new Families;
    exports.Env().SetInstanceData(families);
  }
  families->visits.push_back(visit);
}

Napi::Value ListOperations(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  const std::shared_ptr<Context> context = ContextOf(info.Env(), info[0]);
  const Families* families = info.Env().GetInstanceData<Families>();
  if (context == nullptr || families == nullptr) return list;
  const auto add = [](void* to, const char* operation, Tier tier) {
    Napi::Array& names = *static_cast<Napi::Array*>(to);
    names.Set(names.Length(), Napi::String::New(names.Env(), operation));
    names.Set(names.Length(), Napi::String::New(names.Env(), TierName(tier)));
  };
  for (const auto visit : families->visits) visit(context->tier(), add, &list);
  return list;
}

}  // namespace qk
