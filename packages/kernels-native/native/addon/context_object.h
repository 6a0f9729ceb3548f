#ifndef QK_ADDON_CONTEXT_OBJECT_H_
#define QK_ADDON_CONTEXT_OBJECT_H_

#include <napi.h>

#include <memory>

#include "qk/context.h"

namespace qk {

// The context inside a handle, or nullptr when the value is no handle of ours.
std::shared_ptr<Context> ContextOf(napi_env env, napi_value value);

// createContext(tier name, threads): a handle, or null when the tier is unknown or this CPU lacks it.
Napi::Value CreateContext(const Napi::CallbackInfo& info);

// operations(context): [name, tier name, …] of every kernel family.
Napi::Value ListOperations(const Napi::CallbackInfo& info);

// tiers(): names of what this machine runs, slow to fast.
Napi::Value ListTiers(const Napi::CallbackInfo& info);

}  // namespace qk

#endif  // QK_ADDON_CONTEXT_OBJECT_H_
