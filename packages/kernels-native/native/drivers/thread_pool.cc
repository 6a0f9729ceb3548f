#include "qk/thread_pool.h"

#include <algorithm>
#include <system_error>

namespace qk {
namespace {

// About half a millisecond on Zen 5: longer than the gap between two loops of one model, so that workers join a loop at
// once instead of waking up when it is over; after that they sleep.
constexpr int kSpins = 40000;

// Loop::state: workers inside in the low bits, then whether others may join, then the number of the loop.
constexpr uint64_t kInside = (uint64_t{1} << 16) - 1;
constexpr uint64_t kOpen = uint64_t{1} << 16;
constexpr int kNumberShift = 17;

uint64_t NumberOf(uint64_t state) { return state >> kNumberShift; }

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) : shares_(static_cast<size_t>(std::max(threads, 1))) {
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
  closing_.store(true);
  loop_.state.fetch_add(uint64_t{1} << kNumberShift);
  WakeWorkers(static_cast<int64_t>(workers_.size()));
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::ParallelFor(int64_t count, Body body, void* context, int64_t grain) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  if (workers_.empty() || count <= grain || is_running_.test_and_set(std::memory_order_acquire)) {
    for (int64_t i = 0; i < count; i += grain) body(context, i, std::min(i + grain, count), 0);
    return;
  }
  loop_.body = body;
  loop_.context = context;
  loop_.count = count;
  loop_.grain = grain;
  const int64_t ranges = (count - 1) / grain + 1;
  const int64_t fair = ranges / threads();
  const int64_t larger = ranges % threads();
  int64_t next = 0;
  for (int t = 0; t < threads(); t++) {
    // Relaxed: whoever joins has seen the state below.
    shares_[static_cast<size_t>(t)].next.store(next, std::memory_order_relaxed);
    next += fair + (t < larger ? 1 : 0);
    shares_[static_cast<size_t>(t)].end = next;
  }
  const uint64_t number = NumberOf(loop_.state.load(std::memory_order_relaxed)) + 1;
  loop_.state.store(number << kNumberShift | kOpen);
  WakeWorkers(ranges - 1);
  RunRanges(0);
  loop_.state.fetch_and(~kOpen);  // who has not joined by now is not needed any more
  WaitForWorkers();
  is_running_.clear(std::memory_order_release);
}

void ThreadPool::RunRanges(int thread) {
  const int all = threads();
  for (int i = 0; i < all; i++) {
    Share& share = shares_[static_cast<size_t>((thread + i) % all)];
    while (share.next.load(std::memory_order_relaxed) < share.end) {
      const int64_t range = share.next.fetch_add(1, std::memory_order_relaxed);
      if (range >= share.end) break;
      const int64_t begin = range * loop_.grain;
      loop_.body(loop_.context, begin, std::min(begin + loop_.grain, loop_.count), thread);
    }
  }
}

// Whoever sleeps counted itself before it looked at the state a last time, and the state was changed before this looks at the
// count: one of the two sees the other.
void ThreadPool::WakeWorkers(int64_t wanted) {
  const int64_t sleeping = sleeping_.load();
  if (sleeping == 0) return;
  std::lock_guard<std::mutex> lock(mutex_);
  if (wanted >= sleeping) return started_.notify_all();
  for (int64_t i = 0; i < wanted; i++) started_.notify_one();
}

void ThreadPool::WaitForWorkers() {
  const auto all_left = [this] { return (loop_.state.load() & kInside) == 0; };
  for (int i = 0; i < kSpins; i++) {
    if (all_left()) return;
    Pause();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  caller_sleeps_.store(true);
  finished_.wait(lock, all_left);
  caller_sleeps_.store(false);
}

// The state once it has another number than `seen`.
uint64_t ThreadPool::WaitForLoop(uint64_t seen) {
  for (int i = 0; i < kSpins; i++) {
    const uint64_t state = loop_.state.load(std::memory_order_acquire);
    if (NumberOf(state) != seen) return state;
    Pause();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  sleeping_.fetch_add(1);
  started_.wait(lock, [&] { return NumberOf(loop_.state.load()) != seen; });
  sleeping_.fetch_sub(1);
  return loop_.state.load(std::memory_order_acquire);
}

void ThreadPool::Work(int thread) {
  uint64_t seen = 0;
  for (;;) {
    uint64_t state = WaitForLoop(seen);
    if (closing_.load()) return;
    seen = NumberOf(state);
    // A later number is for the next turn: it may be the end of the pool.
    bool joined = false;
    while (!joined && NumberOf(state) == seen && (state & kOpen) != 0) {
      joined = loop_.state.compare_exchange_weak(state, state + 1);
    }
    if (!joined) continue;
    RunRanges(thread);
    if ((loop_.state.fetch_sub(1) & kInside) != 1 || !caller_sleeps_.load()) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    finished_.notify_one();
  }
}

}  // namespace qk
