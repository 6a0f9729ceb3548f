#include "qk/thread_pool.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "check.h"

namespace qk::test {
namespace {

// Every index once, whatever the grain; loops one after the other.
void EveryIndexOnce(Context& context) {
  for (const int64_t count : {0, 1, 7, 1000, 4096}) {
    for (const int64_t grain : {1, 3, 64, 5000}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
      std::atomic<bool> in_range(true);
      context.pool().ParallelFor(count, grain, [&](int64_t begin, int64_t end, int thread) {
        if (thread < 0 || thread >= context.pool().threads() || begin % grain != 0 || end - begin > grain) in_range = false;
        for (int64_t i = begin; i < end; i++) seen[static_cast<size_t>(i)]++;
      });
      for (const auto& times : seen) Check(times == 1, "visited once");
      Check(in_range, "ranges and thread indices");
    }
  }
}

// Loops from several threads at once, and loops inside loops.
void ConcurrentAndNested(Context& context) {
  std::atomic<int64_t> sum(0);
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; t++) {
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 50; repeat++) {
        context.pool().ParallelFor(40, 3, [&](int64_t begin, int64_t end, int) {
          context.pool().ParallelFor(end - begin, 1, [&](int64_t from, int64_t to, int) { sum += to - from; });
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  Check(sum == 4 * 50 * 40, "sum over all loops");
}

// A pool that goes away right after, or without, a loop.
void ShortLife(Context&) {
  for (int i = 0; i < 20; i++) {
    ThreadPool pool(4);
    std::atomic<int> calls(0);
    if (i % 2 == 0) pool.ParallelFor(8, 1, [&](int64_t, int64_t, int) { calls++; });
    Check(calls == (i % 2 == 0 ? 8 : 0), "calls");
  }
}

// Workers that sleep when a loop starts, callers that sleep until workers are done, and a pool that goes away asleep.
void Asleep(Context&) {
  const auto rest = [](int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); };
  for (int repeat = 0; repeat < 10; repeat++) {
    ThreadPool pool(3);
    for (int loop = 0; loop < 2; loop++) {
      rest(5);
      std::atomic<int> calls(0);
      pool.ParallelFor(6, 1, [&](int64_t, int64_t, int thread) {
        rest(thread == 0 ? 1 : 5);  // long enough for the others to wake, and to outlast thread 0
        calls++;
      });
      Check(calls == 6, "calls");
    }
    rest(5);
  }
}

void ScratchIsApart(Context& context) {
  Scratch first(context), second(context);
  char* a = first.Take<char>(100);
  char* b = second.Take<char>(100);
  char* c = first.Take<char>(1 << 20);
  Check(a != nullptr && b != nullptr && c != nullptr && a != b, "taken");
  Check(reinterpret_cast<uintptr_t>(c) % 64 == 0 && reinterpret_cast<uintptr_t>(a) % 64 == 0, "aligned");
  Check(first.Take<double>(static_cast<size_t>(-1) / 4) == nullptr, "too much");
}

const Registration every_index("thread_pool every index once", EveryIndexOnce);
const Registration concurrent("thread_pool concurrent and nested", ConcurrentAndNested);
const Registration short_life("thread_pool short life", ShortLife);
const Registration asleep("thread_pool asleep", Asleep);
const Registration scratch("scratch is apart", ScratchIsApart);

}  // namespace
}  // namespace qk::test
