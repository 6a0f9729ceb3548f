#ifndef QK_THREAD_POOL_H_
#define QK_THREAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace qk {

// Threads that share loops. The calling thread takes part as thread 0; the others sleep between loops and end with the pool.
//
// A loop that starts while another one runs (a nested call, or a call from a second thread) runs inline on its caller, as
// thread 0 of its own loop: always right, never waiting.
class ThreadPool {
 public:
  using Body = void (*)(void* context, int64_t begin, int64_t end, int thread);

  // `threads` ≥ 1 counts the caller. Fewer are started when the system refuses more.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Threads a loop can have, the caller included: thread indices are below it.
  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(context, begin, end, thread) for [0, grain), [grain, 2·grain), … up to `count`, each exactly once. The ranges
  // are the same for any number of threads, so partial results per range are too. Returns when all are done.
  void ParallelFor(int64_t count, Body body, void* context, int64_t grain);

  // The same for anything callable as body(begin, end, thread).
  template <class Callable>
  void ParallelFor(int64_t count, int64_t grain, Callable&& body) {
    auto call = [](void* context, int64_t begin, int64_t end, int thread) {
      (*static_cast<std::remove_reference_t<Callable>*>(context))(begin, end, thread);
    };
    ParallelFor(count, call, &body, grain);
  }

 private:
  void Work(int thread);
  void RunRanges(int thread);

  std::vector<std::thread> workers_;
  std::mutex loop_;  // held by the caller of the loop in progress

  std::mutex mutex_;  // guards what follows
  std::condition_variable started_;
  std::condition_variable finished_;
  bool open_ = false;  // workers may still join the loop in progress
  bool closing_ = false;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> active_{0};  // workers inside the loop in progress

  // The loop in progress: written before open_, read only by threads that joined.
  Body body_ = nullptr;
  void* context_ = nullptr;
  int64_t count_ = 0;
  int64_t grain_ = 1;
  std::atomic<int64_t> next_{0};
};

}  // namespace qk

#endif  // QK_THREAD_POOL_H_
