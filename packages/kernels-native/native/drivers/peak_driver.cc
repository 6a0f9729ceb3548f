#include "qk/peak_driver.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

#include "qk/peak.h"

namespace qk {
namespace {

constexpr int64_t kBytes = int64_t{128} << 20;  // a buffer: several times the last cache of most machines
constexpr double kRound = 4e-3;                 // seconds of one measurement

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Highest rate of `amount` units per call within the time given.
template <class Call>
double BestRate(double seconds, double amount, Call call) {
  double best = 0;
  const Clock::time_point start = Clock::now();
  int calls = 0;
  do {
    const Clock::time_point begin = Clock::now();
    call();
    best = std::max(best, amount / Since(begin));
  } while (++calls < 3 || Since(start) < seconds);
  return best;
}

double ComputeRate(Context& context, const PeakLoop& loop, double seconds, std::atomic<uint64_t>* sink) {
  const Clock::time_point start = Clock::now();
  constexpr int64_t kProbe = 1 << 14;
  *sink += loop.run(kProbe);
  const auto rounds = static_cast<int64_t>(static_cast<double>(kProbe) * kRound / std::max(Since(start), 1e-7)) + 1;
  const int threads = context.pool().threads();
  return BestRate(seconds, loop.operations * static_cast<double>(rounds) * threads,
                  [&] { context.pool().ParallelFor(threads, 1, [&](int64_t, int64_t, int) { *sink += loop.run(rounds); }); });
}

}  // namespace

Status MeasurePeak(Context& context, double seconds, Peak* peak) {
  const PeakTable& table = PeakTables(context.tier());
  std::atomic<uint64_t> sink(0);
  peak->f32 = ComputeRate(context, table.f32.run, seconds, &sink);
  peak->i8 = ComputeRate(context, table.i8.run, seconds, &sink);
  peak->shift = ComputeRate(context, table.shift.run, seconds, &sink);
  peak->b1 = ComputeRate(context, table.b1.run, seconds, &sink);

  Scratch scratch(context);
  uint8_t* from = scratch.Take<uint8_t>(kBytes);
  uint8_t* to = scratch.Take<uint8_t>(kBytes);
  if (from == nullptr || to == nullptr) return Status::kOutOfMemory;
  std::memset(from, 1, kBytes);
  std::memset(to, 2, kBytes);
  const int64_t piece = kBytes / context.pool().threads() / 256 * 256;
  const double moved = static_cast<double>(piece) * context.pool().threads();
  peak->copy = BestRate(seconds, 2 * moved, [&] {
    context.pool().ParallelFor(piece * context.pool().threads(), piece, [&](int64_t begin, int64_t end, int) {
      std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
    });
    sink += to[0];
  });
  peak->read = BestRate(seconds, moved, [&] {
    context.pool().ParallelFor(piece * context.pool().threads(), piece,
                               [&](int64_t begin, int64_t end, int) { sink += table.read.run(from + begin, end - begin); });
  });
  return Status::kOk;
}

}  // namespace qk
