#include "qk/thread_pool.h"

#include <algorithm>
#include <system_error>

namespace qk {
namespace {

// About half a millisecond on current cores: longer than the gap between two loops of one model, so that workers join a loop at once
// instead of waking up when it is over; after that they sleep.
constexpr int kSpins = 40000;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(static_cast<size_t>(std::max(threads - 1, 0)));
  for (int i = 1; i < threads; i++) {
    try {
      workers_.emplace_back(&ThreadPool::Work, this, i);
    } catch (const std::system_error&) {
      break;
    }
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
    generation_.fetch_add(1, std::memory_order_release);
  }
  started_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::ParallelFor(int64_t count, Body body, void* context, int64_t grain) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  std::unique_lock<std::mutex> loop(loop_, std::defer_lock);
  if (workers_.empty() || count <= grain || !loop.try_lock()) {
    for (int64_t i = 0; i < count; i += grain) body(context, i, std::min(i + grain, count), 0);
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    body_ = body;
    context_ = context;
    count_ = count;
    grain_ = grain;
    next_.store(0, std::memory_order_relaxed);
    open_ = true;
    generation_.fetch_add(1, std::memory_order_release);
  }
  const int64_t ranges = (count + grain - 1) / grain;
  if (ranges - 1 < static_cast<int64_t>(workers_.size())) {
    for (int64_t i = 1; i < ranges; i++) started_.notify_one();
  } else {
    started_.notify_all();
  }
  RunRanges(0);

  std::unique_lock<std::mutex> lock(mutex_);
  open_ = false;  // who has not joined by now is not needed any more
  lock.unlock();
  for (int i = 0; i < kSpins; i++) {
    if (active_.load(std::memory_order_acquire) == 0) return;
    Pause();
  }
  lock.lock();
  finished_.wait(lock, [this] { return active_.load(std::memory_order_acquire) == 0; });
}

void ThreadPool::RunRanges(int thread) {
  for (;;) {
    const int64_t begin = next_.fetch_add(grain_, std::memory_order_relaxed);
    if (begin >= count_) return;
    body_(context_, begin, std::min(begin + grain_, count_), thread);
  }
}

void ThreadPool::Work(int thread) {
  uint64_t seen = 0;
  for (;;) {
    for (int i = 0; i < kSpins && generation_.load(std::memory_order_acquire) == seen; i++) Pause();
    {
      std::unique_lock<std::mutex> lock(mutex_);
      started_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
      seen = generation_.load(std::memory_order_relaxed);
      if (closing_) return;
      if (!open_) continue;
      active_.fetch_add(1, std::memory_order_relaxed);
    }
    RunRanges(thread);
    // Under the mutex, so that the caller cannot miss the last notification and cannot destroy the pool during it.
    std::lock_guard<std::mutex> lock(mutex_);
    if (active_.fetch_sub(1, std::memory_order_release) == 1) finished_.notify_one();
  }
}

}  // namespace qk
