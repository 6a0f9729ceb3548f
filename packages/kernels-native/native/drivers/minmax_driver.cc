#include <algorithm>
#include <atomic>

#include "qk/minmax_f32.h"
#include "qk/statistics_driver.h"

namespace qk {
namespace {

constexpr float kInfinity = __builtin_inff();
constexpr int64_t kGrain = 1 << 16;  // values per range: a quarter of a megabyte

void Clear(int64_t count, float* min, float* max) {
  std::fill_n(min, count, kInfinity);
  std::fill_n(max, count, -kInfinity);
}

void Merge(int64_t count, const float* other_min, const float* other_max, float* min, float* max) {
  for (int64_t i = 0; i < count; i++) {
    min[i] = std::min(min[i], other_min[i]);
    max[i] = std::max(max[i], other_max[i]);
  }
}

// Rows of `columns` values, one parameter per column; columns = 1 is the whole tensor. Threads keep extremes of their own.
Status PerColumn(Context& context, const float* x, int64_t rows, int64_t columns, float* min, float* max,
                 std::atomic<int64_t>* bad) {
  const MinMaxF32Table& table = MinMaxF32Tables(context.tier());
  const int threads = context.pool().threads();
  Scratch scratch(context);
  float* mins = scratch.Take<float>(static_cast<size_t>(threads * columns));
  float* maxs = scratch.Take<float>(static_cast<size_t>(threads * columns));
  if (mins == nullptr || maxs == nullptr) return Status::kOutOfMemory;
  Clear(threads * columns, mins, maxs);
  context.pool().ParallelFor(rows, std::max<int64_t>(kGrain / columns, 1), [&](int64_t begin, int64_t end, int thread) {
    float* thread_min = mins + thread * columns;
    float* thread_max = maxs + thread * columns;
    if (columns == 1) {
      float low, high;
      *bad += table.run.run(x + begin, end - begin, &low, &high);
      Merge(1, &low, &high, thread_min, thread_max);
    } else {
      *bad += table.columns.run(x + begin * columns, end - begin, columns, thread_min, thread_max);
    }
  });
  for (int t = 0; t < threads; t++) Merge(columns, mins + t * columns, maxs + t * columns, min, max);
  return Status::kOk;
}

}  // namespace

Status MinMax(Context& context, const Layout& layout, const float* x, float* min, float* max, int64_t* bad) {
  Clear(layout.parameters(), min, max);
  *bad = 0;
  if (layout.count() == 0) return Status::kOk;
  const MinMaxF32Table& table = MinMaxF32Tables(context.tier());
  const int64_t inner = layout.inner;
  std::atomic<int64_t> total(0);
  Status status = Status::kOk;
  if (layout.granularity == Granularity::kTensor) {
    status = PerColumn(context, x, layout.count(), 1, min, max, &total);
  } else if (layout.granularity == Granularity::kAxis && inner == 1) {
    status = PerColumn(context, x, layout.outer, layout.length, min, max, &total);
  } else if (layout.granularity == Granularity::kAxis) {
    const int64_t grain = std::max<int64_t>(kGrain / (layout.outer * inner), 1);
    context.pool().ParallelFor(layout.length, grain, [&](int64_t begin, int64_t end, int) {
      for (int64_t c = begin; c < end; c++) {
        for (int64_t o = 0; o < layout.outer; o++) {
          float low, high;
          total += table.run.run(x + (o * layout.length + c) * inner, inner, &low, &high);
          Merge(1, &low, &high, min + c, max + c);
        }
      }
    });
  } else {
    const int64_t blocks = layout.blocks();
    const int64_t grain = std::max<int64_t>(kGrain / (layout.size * inner), 1);
    context.pool().ParallelFor(layout.outer * blocks, grain, [&](int64_t begin, int64_t end, int) {
      for (int64_t b = begin; b < end; b++) {
        const int64_t first = b % blocks * layout.size;
        const int64_t rows = std::min(layout.size, layout.length - first);
        const float* block = x + (b / blocks * layout.length + first) * inner;
        total += inner == 1 ? table.run.run(block, rows, min + b, max + b)
                            : table.columns.run(block, rows, inner, min + b * inner, max + b * inner);
      }
    });
  }
  *bad = total;
  return status;
}

}  // namespace qk
