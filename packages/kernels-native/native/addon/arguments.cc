#include "arguments.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "context_object.h"

namespace qk {
namespace {

// Marks the asynchronous form of a binding.
char kAsync;

class Job : public Napi::AsyncWorker {
 public:
  Job(Napi::Env env, std::shared_ptr<Context> context, std::function<Status()> work)
      : Napi::AsyncWorker(env),
        context_(std::move(context)),
        work_(std::move(work)),
        result_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return result_.Promise(); }

  // Keeps the arguments, and with them the memory of typed arrays, until the work is done.
  void Keep(const Napi::CallbackInfo& info) {
    Napi::Array all = Napi::Array::New(Env(), info.Length());
    for (size_t i = 0; i < info.Length(); i++) all.Set(static_cast<uint32_t>(i), info[i]);
    arguments_ = Napi::Persistent(all);
  }

 protected:
  void Execute() override { status_ = work_(); }
  void OnOK() override { result_.Resolve(Napi::Number::New(Env(), static_cast<double>(status_))); }

 private:
  std::shared_ptr<Context> context_;
  std::function<Status()> work_;
  Napi::Reference<Napi::Array> arguments_;
  Napi::Promise::Deferred result_;
  Status status_ = Status::kOk;
};

}  // namespace

Arguments::Arguments(const Napi::CallbackInfo& info) : info_(info) {}

napi_value Arguments::Next() { return info_[next_++]; }

bool Arguments::Require(bool condition, Status status) {
  if (!condition && status_ == Status::kOk) status_ = status;
  return condition;
}

Context* Arguments::NextContext() {
  context_ = ContextOf(info_.Env(), Next());
  Require(context_ != nullptr, Status::kBadArgument);
  return context_.get();
}

Span<void> Arguments::NextArray(napi_typedarray_type* type) {
  napi_value value = Next();
  bool is_array = false;
  size_t length = 0;
  void* data = nullptr;
  if (!Require(napi_is_typedarray(info_.Env(), value, &is_array) == napi_ok && is_array, Status::kBadArgument) ||
      !Require(napi_get_typedarray_info(info_.Env(), value, type, &length, &data, nullptr, nullptr) == napi_ok,
               Status::kBadArgument)) {
    return {nullptr, 0};
  }
  return {data, data == nullptr ? 0 : static_cast<int64_t>(length)};
}

bool Arguments::SkipNull() {
  napi_valuetype type = napi_undefined;
  napi_typeof(info_.Env(), info_[next_], &type);
  if (type != napi_undefined && type != napi_null) return false;
  next_++;
  return true;
}

double Arguments::NextDouble() {
  double value = 0;
  Require(napi_get_value_double(info_.Env(), Next(), &value) == napi_ok, Status::kBadArgument);
  return value;
}

int64_t Arguments::NextInt(int64_t low, int64_t high) {
  const double value = NextDouble();
  const bool fits = value >= static_cast<double>(low) && value <= static_cast<double>(high) && value == std::floor(value);
  return Require(fits, Status::kBadArgument) ? static_cast<int64_t>(value) : low;
}

Layout Arguments::NextLayout() {
  Layout layout;
  layout.granularity = static_cast<Granularity>(NextInt(0, 2));
  layout.outer = NextSize();
  layout.length = NextSize();
  layout.inner = NextSize();
  layout.size = NextInt(1, int64_t{1} << 40);
  // A group longer than its axis is the whole axis.
  layout.size = std::min(layout.size, std::max<int64_t>(layout.length, 1));
  // The product is checked in floating point first: it must not overflow.
  const double count =
      static_cast<double>(layout.outer) * static_cast<double>(layout.length) * static_cast<double>(layout.inner);
  if (!Require(count <= static_cast<double>(int64_t{1} << 40), Status::kBadArgument))
    layout = {Granularity::kTensor, 0, 0, 0, 1};
  return layout;
}

Napi::Value Arguments::Run(std::function<Status()> work) {
  const Napi::Env env = info_.Env();
  if (info_.Data() != &kAsync) {
    const Status status = ok() ? work() : status_;
    return Napi::Number::New(env, static_cast<double>(status));
  }
  if (!ok()) {
    work = [status = status_] { return status; };
  }
  Job* job = new Job(env, context_, std::move(work));
  job->Keep(info_);
  const Napi::Promise promise = job->promise();
  job->Queue();
  return promise;
}

void Export(Napi::Object exports, const char* name, Napi::Value (*binding)(const Napi::CallbackInfo&)) {
  const Napi::Env env = exports.Env();
  const std::string async_name = std::string(name) + "Async";
  exports.Set(name, Napi::Function::New(env, binding, name));
  exports.Set(async_name, Napi::Function::New(env, binding, async_name, &kAsync));
}

}  // namespace qk
