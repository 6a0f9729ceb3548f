#ifndef QK_CONTEXT_H_
#define QK_CONTEXT_H_

#include <memory>
#include <mutex>
#include <vector>

#include "qk/arena.h"
#include "qk/thread_pool.h"
#include "qk/tier.h"

namespace qk {

// What every native call takes: which kernels, which threads, where scratch memory comes from. Usable from several threads.
class Context {
 public:
  Context(Tier tier, int threads) : tier_(tier), pool_(threads) {}

  Tier tier() const { return tier_; }
  ThreadPool& pool() { return pool_; }

 private:
  friend class Scratch;
  const Tier tier_;
  ThreadPool pool_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Arena>> arenas_;  // those nobody uses now
};

// Scratch memory for one call, taken outside kernels and returned to the context at the end of the scope. Calls that run at
// the same time get arenas of their own.
class Scratch {
 public:
  explicit Scratch(Context& context);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // See Arena::Take: 64-byte aligned, uninitialized, nullptr when out of memory.
  template <class T>
  T* Take(size_t count) {
    return arena_->TakeArray<T>(count);
  }

 private:
  Context& context_;
  std::unique_ptr<Arena> arena_;
};

}  // namespace qk

#endif  // QK_CONTEXT_H_
