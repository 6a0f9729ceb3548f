#include <napi.h>

#include "context_object.h"
#include "qk/cpu_features.h"

namespace qk {

// One line per bind_<group>.cc.
void RegisterBinary(Napi::Env env, Napi::Object exports);
void RegisterFewBits(Napi::Env env, Napi::Object exports);
void RegisterInference(Napi::Env env, Napi::Object exports);
void RegisterOperatorsI8(Napi::Env env, Napi::Object exports);
void RegisterMatrix(Napi::Env env, Napi::Object exports);
void RegisterMemory(Napi::Env env, Napi::Object exports);
void RegisterBatchNorm(Napi::Env env, Napi::Object exports);
void RegisterElementwise(Napi::Env env, Napi::Object exports);
void RegisterConversion(Napi::Env env, Napi::Object exports);
void RegisterFakeQuantize(Napi::Env env, Napi::Object exports);
void RegisterOptimizer(Napi::Env env, Napi::Object exports);
void RegisterPeak(Napi::Env env, Napi::Object exports);
void RegisterMovement(Napi::Env env, Napi::Object exports);
void RegisterPool(Napi::Env env, Napi::Object exports);
void RegisterReduce(Napi::Env env, Napi::Object exports);
void RegisterResize(Napi::Env env, Napi::Object exports);
void RegisterStatistics(Napi::Env env, Napi::Object exports);

}  // namespace qk

namespace {

Napi::Value CountPhysicalCores(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), qk::PhysicalCores()); }

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("version", Napi::String::New(env, QK_VERSION));
  exports.Set("physicalCores", Napi::Function::New(env, CountPhysicalCores, "physicalCores"));
  exports.Set("tiers", Napi::Function::New(env, qk::ListTiers, "tiers"));
  exports.Set("createContext", Napi::Function::New(env, qk::CreateContext, "createContext"));
  exports.Set("operations", Napi::Function::New(env, qk::ListOperations, "operations"));
  qk::RegisterBinary(env, exports);
  qk::RegisterFewBits(env, exports);
  qk::RegisterInference(env, exports);
  qk::RegisterOperatorsI8(env, exports);
  qk::RegisterMatrix(env, exports);
  qk::RegisterMemory(env, exports);
  qk::RegisterBatchNorm(env, exports);
  qk::RegisterElementwise(env, exports);
  qk::RegisterConversion(env, exports);
  qk::RegisterFakeQuantize(env, exports);
  qk::RegisterOptimizer(env, exports);
  qk::RegisterPeak(env, exports);
  qk::RegisterMovement(env, exports);
  qk::RegisterPool(env, exports);
  qk::RegisterReduce(env, exports);
  qk::RegisterResize(env, exports);
  qk::RegisterStatistics(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(bitwright_kernels, Initialize)
