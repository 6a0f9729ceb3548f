#include "qk/fake_quantize_driver.h"

#include "grid_blocks.h"
#include "qk/fake_quantize_f32.h"

namespace qk {
namespace {

constexpr int kMostSums = 3;

}  // namespace

Status FakeQuantize(Context& context, const GridParams& grid, const float* x, float* y) {
  const auto run = FakeQuantizeF32Tables(context.tier()).forward.run;
  return ForEachBlock<float>(context, grid, 0, nullptr, 1,
                             [=](const Block& block, const QkSums&) { run(block.grid, x + block.first, y + block.first); });
}

Status FakeQuantizeBackward(Context& context, const GridParams& grid, const float* dy, const float* x, float* dx) {
  const auto run = FakeQuantizeF32Tables(context.tier()).backward.run;
  return ForEachBlock<float>(context, grid, 0, nullptr, 1, [=](const Block& block, const QkSums&) {
    run(block.grid, dy + block.first, x + block.first, dx + block.first);
  });
}

Status LearnedStepBackward(Context& context, const GridParams& grid, float gradient_scale, const float* dy, const float* x,
                           float* dx, float* dscale, float* doffset) {
  const auto run = FakeQuantizeF32Tables(context.tier()).learned_step.run;
  float* const results[kMostSums] = {dscale, doffset};
  return ForEachBlock(context, grid, 2, results, gradient_scale, [=](const Block& block, const QkSums& sums) {
    run(block.grid, dy + block.first, x + block.first, dx + block.first, sums);
  });
}

Status ClippingLevelBackward(Context& context, const GridParams& grid, float gradient_scale, bool has_full_gradient,
                             const float* dy, const float* x, float* dx, float* dlevel) {
  const auto run = FakeQuantizeF32Tables(context.tier()).clipping_level.run;
  return ForEachBlock(context, grid, 1, &dlevel, gradient_scale, [=](const Block& block, const QkSums& sums) {
    run(block.grid, has_full_gradient, dy + block.first, x + block.first, dx + block.first, sums);
  });
}

Status SoftStaircaseBackward(Context& context, const GridParams& grid, const float* alpha, float gradient_scale,
                             const float* dy, const float* x, float* dx, float* dlower, float* dupper, float* dalpha) {
  const auto run = FakeQuantizeF32Tables(context.tier()).soft_staircase.run;
  float* const results[kMostSums] = {dlower, dupper, dalpha};
  return ForEachBlock(context, grid, 3, results, gradient_scale, [=](const Block& block, const QkSums& sums) {
    run(block.grid, alpha + block.parameter, dy + block.first, x + block.first, dx + block.first, sums);
  });
}

}  // namespace qk
