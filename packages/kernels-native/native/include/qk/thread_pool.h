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

// Threads that share loops. The calling thread takes part as thread 0; the others wait between loops and end with the pool.
//
// Every thread begins with a run of neighbouring ranges of its own, the same in every loop of that length, so that what one
// layer left in a core's caches is what the next layer finds there; who is done takes ranges of the others.
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
  // The loop in progress: written while no worker is inside, read by those who joined. On one cache line with what they wait
  // for, so that a worker has everything with the line that wakes it.
  struct alignas(64) Loop {
    // Workers inside, whether others may join, and the loop's number: see thread_pool.cc.
    std::atomic<uint64_t> state{0};
    Body body = nullptr;
    void* context = nullptr;
    int64_t count = 0;
    int64_t grain = 1;
  };
  // Ranges of one thread that nobody took yet.
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  void Work(int thread);
  uint64_t WaitForLoop(uint64_t seen);
  void RunRanges(int thread);
  void WakeWorkers(int64_t wanted);
  void WaitForWorkers();

  std::vector<std::thread> workers_;
  std::vector<Share> shares_;                       // [threads]
  std::atomic_flag is_running_ = ATOMIC_FLAG_INIT;  // set by the caller of the loop in progress
  Loop loop_;

  // Sleeping, on either side, is what the mutex and the conditions are for; loops that follow each other closely need neither.
  std::mutex mutex_;
  std::condition_variable started_;
  std::condition_variable finished_;
  std::atomic<int64_t> sleeping_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<bool> closing_{false};
};

}  // namespace qk

#endif  // QK_THREAD_POOL_H_
