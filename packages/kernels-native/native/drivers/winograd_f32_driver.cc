#include <algorithm>

#include "qk/context.h"
#include "qk/tap_convolution_f32.h"
#include "winograd_tiles_f32.h"

// One task: some tiles, of one line, of several or of several images. Their transformed inputs [36][tiles][source channels] and
// products [36][tiles][channels] stay in the second-level cache.

namespace qk {
namespace {

constexpr int64_t kFiltersPerTask = 4096;
constexpr int64_t kFewestTiles = 24;  // below, transforming the filter costs more than it saves

struct Plan {
  const TapConvolutionF32& call;
  const WinogradF32Table& table;
  WinogradGrid grid;
  WinogradSource source;
  int64_t task_tiles;  // a multiple of table.rows
  int64_t input_position, product_position, filter_position;
  const float* filter;
};

// Buffers of one thread.
struct Slice {
  float* inputs;
  float* products;
};

void Multiply(const Plan& plan, int64_t count, const Slice& slice) {
  const TapConvolutionF32& s = plan.call;
  WinogradF32Product call = {};
  call.rows = CeilDiv(count, plan.table.rows) * plan.table.rows;
  // Rows without a tile: any numbers do, if they are numbers.
  for (int64_t p = 0; p < kWinogradPositions; p++) {
    float* inputs = slice.inputs + p * plan.input_position;
    std::fill(inputs + count * s.source_channels, inputs + call.rows * s.source_channels, 0.0f);
  }
  call.inputs = slice.inputs;
  call.input_position = plan.input_position;
  call.filter = plan.filter;
  call.filter_position = plan.filter_position;
  call.products = slice.products;
  call.product_position = plan.product_position;
  call.channels = s.source_channels;
  call.outputs = s.channels;
  plan.table.product.run(call);
}

void TransformProducts(const Plan& plan, int64_t first, int64_t count, const Slice& slice) {
  const TapConvolutionF32& s = plan.call;
  ForStretches(plan.grid, first, count, [&](int64_t image, int64_t line, int64_t tile, int64_t tiles, int64_t before) {
    const int64_t top = line * kWinogradTile, left = tile * kWinogradTile;
    const int64_t begin = ((image * s.target_height + top) * s.target_width + left) * s.channels;
    WinogradF32Output call = {};
    call.products = slice.products + before * s.channels;
    call.position = plan.product_position;
    call.tiles = tiles;
    call.channels = s.channels;
    call.lines = std::min(kWinogradTile, s.grid_height - top);
    call.pixels = std::min(kWinogradTile * tiles, s.grid_width - left);
    call.bias = s.bias;
    call.residual = s.residual != nullptr ? s.residual + begin : nullptr;
    call.gate = s.gate != nullptr ? s.gate + begin : nullptr;
    call.minimum = s.minimum;
    call.maximum = s.maximum;
    call.y = s.target + begin;
    call.line = s.target_width * s.channels;
    plan.table.output.run(call);
  });
}

}  // namespace

bool SuitsWinogradF32(const TapConvolutionF32& s) {
  const bool fits = s.taps == 3 && s.run == 3 && s.reach_y == 3 && s.step_y == 1 && s.step_x == 1 && s.target_step_y == 1 &&
                    s.target_step_x == 1 && s.target_top == 0 && s.target_left == 0 && s.filter != nullptr;
  return fits && s.source_channels >= kWinogradFewestChannels && s.channels >= kWinogradFewestChannels && s.grid_height >= 3 &&
         s.grid_width >= 3 && MakeWinogradGrid(s.batch, s.grid_height, s.grid_width).tiles >= kFewestTiles;
}

Status RunWinogradF32(Context& context, const TapConvolutionF32& s) {
  const WinogradF32Table& table = WinogradF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  const WinogradGrid grid = MakeWinogradGrid(s.batch, s.grid_height, s.grid_width);
  Plan plan = {s, table, grid,   {s.source, s.source_height, s.source_width, s.source_channels, s.top, s.left, nullptr}, 0, 0,
               0, 0,     nullptr};
  const int64_t tile_floats = kWinogradPositions * (s.source_channels + s.channels);
  // As many as the cache takes, at least two register tiles, but three tasks for every thread.
  const int64_t most = std::max(kWinogradTaskFloats / tile_floats / table.rows, int64_t{2});
  const int64_t shared = CeilDiv(grid.tiles, 3 * pool.threads() * table.rows);
  plan.task_tiles = std::clamp(shared, int64_t{1}, most) * table.rows;
  plan.input_position = WinogradPositionStride(plan.task_tiles * s.source_channels);
  plan.product_position = WinogradPositionStride(plan.task_tiles * s.channels);
  plan.filter_position = WinogradPositionStride(s.source_channels * std::min(table.columns, s.channels));

  const size_t line = static_cast<size_t>(s.source_width * s.source_channels);
  float* zeros = scratch.Take<float>(line);
  const int64_t panels = CeilDiv(s.channels, table.columns);
  float* filter = scratch.Take<float>(static_cast<size_t>(panels * kWinogradPositions * plan.filter_position));
  Slice* slices = scratch.Take<Slice>(static_cast<size_t>(pool.threads()));
  if (zeros == nullptr || filter == nullptr || slices == nullptr) return Status::kOutOfMemory;
  for (int i = 0; i < pool.threads(); i++) {
    slices[i].inputs = scratch.Take<float>(static_cast<size_t>(kWinogradPositions * plan.input_position));
    slices[i].products = scratch.Take<float>(static_cast<size_t>(kWinogradPositions * plan.product_position));
    if (slices[i].inputs == nullptr || slices[i].products == nullptr) return Status::kOutOfMemory;
  }
  std::fill(zeros, zeros + line, 0.0f);
  pool.ParallelFor(s.source_channels, std::max<int64_t>(kFiltersPerTask / s.channels, 1), [&](int64_t begin, int64_t end, int) {
    table.filter.run({s.filter, s.source_channels, s.channels, begin, end, filter, plan.filter_position});
  });
  plan.source.zeros = zeros;
  plan.filter = filter;
  pool.ParallelFor(CeilDiv(grid.tiles, plan.task_tiles), 1, [&](int64_t begin, int64_t end, int thread) {
    const Slice& slice = slices[thread];
    for (int64_t task = begin; task < end; task++) {
      const int64_t first = task * plan.task_tiles, count = std::min(plan.task_tiles, grid.tiles - first);
      TransformWinogradInputs(table, grid, plan.source, first, count, slice.inputs, plan.input_position);
      Multiply(plan, count, slice);
      TransformProducts(plan, first, count, slice);
    }
  });
  return Status::kOk;
}

}  // namespace qk
