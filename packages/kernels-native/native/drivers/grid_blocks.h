// A tensor on a quantization grid, cut into blocks that kernels handle at once and threads share. For drivers.
#ifndef QK_DRIVERS_GRID_BLOCKS_H_
#define QK_DRIVERS_GRID_BLOCKS_H_

#include <algorithm>

#include "qk/context.h"
#include "qk/grid.h"
#include "qk/grid_params.h"
#include "qk/types.h"

namespace qk {

constexpr int64_t kGridGrain = 1 << 15;  // values per range

// One contiguous piece of the tensor that a kernel handles at once.
struct Block {
  QkGrid grid;
  int64_t first;      // of its values
  int64_t parameter;  // of its first column
};

// p + i, or null.
inline const float* At(const float* p, int64_t i) { return p == nullptr ? nullptr : p + i; }

inline Block BlockOf(const GridParams& params, int64_t first, int64_t parameter, int64_t rows, int64_t columns,
                     bool is_shared) {
  return {{rows, columns, is_shared, At(params.scale, parameter), At(params.zero_point, parameter), params.qmin, params.qmax},
          first,
          parameter};
}

// Pieces whose parameters belong to them alone, so that sums go straight to their place.
template <class Visit>
void ForEachOwner(ThreadPool& pool, const GridParams& params, double* sums, Visit visit) {
  const Layout& layout = params.layout;
  const int64_t inner = layout.inner, count = layout.parameters();
  if (layout.granularity == Granularity::kAxis) {
    pool.ParallelFor(layout.length, std::max<int64_t>(kGridGrain / (layout.outer * inner), 1),
                     [&](int64_t begin, int64_t end, int) {
                       for (int64_t c = begin; c < end; c++) {
                         for (int64_t o = 0; o < layout.outer; o++) {
                           const int64_t first = (o * layout.length + c) * inner;
                           visit(BlockOf(params, first, c, 1, inner, true), QkSums{sums + c, count});
                         }
                       }
                     });
    return;
  }
  const int64_t blocks = layout.blocks();
  pool.ParallelFor(
      layout.outer * blocks, std::max<int64_t>(kGridGrain / (layout.size * inner), 1), [&](int64_t begin, int64_t end, int) {
        for (int64_t b = begin; b < end; b++) {
          const int64_t start = b % blocks * layout.size;
          const int64_t rows = std::min(layout.size, layout.length - start);
          const int64_t first = (b / blocks * layout.length + start) * inner;
          const Block block =
              inner == 1 ? BlockOf(params, first, b, 1, rows, true) : BlockOf(params, first, b * inner, rows, inner, false);
          visit(block, QkSums{sums + block.parameter, count});
        }
      });
}

// The whole tensor in blocks: visit(block, sums). `results` [parameters] each receive a sum times `factor`.
template <class Result, class Visit>
Status ForEachBlock(Context& context, const GridParams& params, int sum_count, Result* const* results, float factor,
                    Visit visit) {
  const Layout& layout = params.layout;
  const int64_t parameters = layout.parameters();
  const bool is_tensor = layout.granularity == Granularity::kTensor;
  const bool is_split = is_tensor || (layout.granularity == Granularity::kAxis && layout.inner == 1);
  const int64_t rows = is_tensor ? layout.count() : layout.outer;
  const int64_t columns = is_tensor ? 1 : layout.length;
  const int64_t grain = std::max<int64_t>(kGridGrain / std::max<int64_t>(columns, 1), 1);
  const int64_t ranges = is_split ? (rows + grain - 1) / grain : 1;
  const int64_t range_sums = sum_count * parameters;
  Scratch scratch(context);
  double* sums = scratch.Take<double>(static_cast<size_t>(ranges * range_sums));
  if (sums == nullptr) return Status::kOutOfMemory;
  std::fill_n(sums, ranges * range_sums, 0.0);
  if (layout.count() > 0 && is_split) {
    context.pool().ParallelFor(rows, grain, [&](int64_t begin, int64_t end, int) {
      const Block block = is_tensor ? BlockOf(params, begin, 0, 1, end - begin, true)
                                    : BlockOf(params, begin * columns, 0, end - begin, columns, false);
      visit(block, QkSums{sums + begin / grain * range_sums, parameters});
    });
  } else if (layout.count() > 0) {
    ForEachOwner(context.pool(), params, sums, visit);
  }
  for (int k = 0; k < sum_count; k++) {
    for (int64_t g = 0; g < parameters && results[k] != nullptr; g++) {
      double total = 0;
      for (int64_t r = 0; r < ranges; r++) total += sums[r * range_sums + k * parameters + g];
      results[k][g] = static_cast<Result>(total * static_cast<double>(factor));
    }
  }
  return Status::kOk;
}

}  // namespace qk

#endif  // QK_DRIVERS_GRID_BLOCKS_H_
