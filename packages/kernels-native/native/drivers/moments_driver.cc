#include "grid_blocks.h"
#include "qk/moments_f32.h"
#include "qk/statistics_driver.h"

namespace qk {

Status Moments(Context& context, const Layout& layout, const float* x, double* sums, double* magnitudes, double* squares) {
  const auto run = MomentsF32Tables(context.tier()).moments.run;
  double* const results[] = {sums, magnitudes, squares};
  const GridParams no_grid = {layout, nullptr, nullptr, 0, 0};
  return ForEachBlock(context, no_grid, 3, results, 1, [=](const Block& block, const QkSums& to) {
    run(block.grid.rows, block.grid.columns, block.grid.is_shared, x + block.first, to);
  });
}

Status GridErrors(Context& context, const GridParams& grid, int64_t candidates, const float* x, double* errors) {
  const auto run = MomentsF32Tables(context.tier()).grid_error.run;
  const int64_t parameters = grid.layout.parameters();
  for (int64_t k = 0; k < candidates; k++) {
    GridParams candidate = grid;
    candidate.scale += k * parameters;
    candidate.zero_point += k * parameters;
    double* const result = errors + k * parameters;
    const Status status = ForEachBlock(context, candidate, 1, &result, 1,
                                       [=](const Block& block, const QkSums& to) { run(block.grid, x + block.first, to); });
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace qk
