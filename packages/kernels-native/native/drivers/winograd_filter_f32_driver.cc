#include <algorithm>

#include "qk/context.h"
#include "qk/conv_f32.h"
#include "winograd_tiles_f32.h"

// The gradient of a filter through Winograd's transforms. The tiles are cut into parts, each summed into 36 matrices [C][O] of
// its own, a task of tiles at a time: transformed inputs [36][tiles][C] and gradients [36][tiles][O] stay in the second-level
// cache while one matrix product per position adds them up.

namespace qk {
namespace {

constexpr int64_t kFewestTaskTiles = 24;  // below, reading and writing the sums costs more than adding to them
constexpr int64_t kFewestTiles = 64;      // below, joining the parts does
constexpr int64_t kMostParts = 16, kFewestParts = 4;
constexpr int64_t kPartFloats = 1280 * 1024;  // 5 MB for all parts
constexpr int64_t kJoined = 1024;             // elements of a filter per task of the last step

struct Plan {
  const ConvShape& shape;
  const WinogradF32Table& table;
  const ConvF32Table& products;
  WinogradGrid grid;
  WinogradSource source;
  const float* dy;
  int64_t parts, task_tiles;
  int64_t input_position, gradient_position, sum_position;
};

// Buffers of one thread.
struct Slice {
  float* inputs;
  float* gradients;
};

void TransformGradients(const Plan& plan, int64_t first, int64_t count, const Slice& slice) {
  const ConvShape& s = plan.shape;
  ForStretches(plan.grid, first, count, [&](int64_t image, int64_t line, int64_t tile, int64_t tiles, int64_t before) {
    const int64_t top = line * kWinogradTile, left = tile * kWinogradTile;
    WinogradF32Gradient call = {};
    call.dy = plan.dy + ((image * s.out_height + top) * s.out_width + left) * s.out_channels;
    call.line = s.out_width * s.out_channels;
    call.tiles = tiles;
    call.channels = s.out_channels;
    call.lines = std::min(kWinogradTile, s.out_height - top);
    call.pixels = std::min(kWinogradTile * tiles, s.out_width - left);
    call.out = slice.gradients + before * s.out_channels;
    call.position = plan.gradient_position;
    plan.table.gradient.run(call);
  });
}

// sums[p][c][o] += sum over tiles of inputs[p][tile][c] * gradients[p][tile][o]
void AddProducts(const Plan& plan, int64_t count, const Slice& slice, float* sums) {
  const ConvShape& s = plan.shape;
  const bool is_narrow = s.out_channels <= plan.products.max_columns / 2;
  const int64_t most_rows = is_narrow ? plan.products.max_narrow_rows : plan.products.max_rows;
  const int64_t blocks = CeilDiv(s.in_channels, most_rows);
  ConvF32FilterTile tile = {};
  tile.x_pixel = s.in_channels;
  tile.dy_pixel = s.out_channels;
  tile.pixels = count;
  tile.lines = 1;
  tile.out_stride = s.out_channels;
  for (int64_t p = 0; p < kWinogradPositions; p++) {
    for (int64_t block = 0; block < blocks; block++) {
      const int64_t begin = s.in_channels * block / blocks;
      tile.x = slice.inputs + p * plan.input_position + begin;
      tile.rows = s.in_channels * (block + 1) / blocks - begin;
      for (int64_t j = 0; j < s.out_channels; j += plan.products.max_columns) {
        tile.columns = std::min(plan.products.max_columns, s.out_channels - j);
        tile.dy = slice.gradients + p * plan.gradient_position + j;
        tile.out = sums + p * plan.sum_position + begin * s.out_channels + j;
        plan.products.filter_tile.run(tile);
      }
    }
  }
}

Plan MakePlan(const ConvShape& s, const WinogradF32Table& table, const ConvF32Table& products, const float* x,
              const float* dy) {
  const WinogradGrid grid = MakeWinogradGrid(s.batch, s.out_height, s.out_width);
  Plan plan = {s, table, products, grid, {x, s.in_height, s.in_width, s.in_channels, -s.pad_top, -s.pad_left, nullptr}, dy, 0,
               0, 0,     0,        0};
  plan.sum_position = WinogradPositionStride(s.in_channels * s.out_channels);
  plan.parts = kMostParts;
  while (plan.parts > kFewestParts && plan.parts * kWinogradPositions * plan.sum_position > kPartFloats) plan.parts /= 2;
  plan.parts = std::clamp<int64_t>(grid.tiles / kFewestTaskTiles, 1, plan.parts);
  const int64_t tile_floats = kWinogradPositions * (s.in_channels + s.out_channels);
  const int64_t part_tiles = CeilDiv(grid.tiles, plan.parts);
  const int64_t tasks = CeilDiv(part_tiles, std::max(kWinogradTaskFloats / tile_floats, kFewestTaskTiles));
  plan.task_tiles = CeilDiv(part_tiles, tasks);
  plan.input_position = WinogradPositionStride(plan.task_tiles * s.in_channels);
  plan.gradient_position = WinogradPositionStride(plan.task_tiles * s.out_channels);
  return plan;
}

}  // namespace

bool SuitsWinogradF32Filter(const ConvShape& s) {
  return s.filter_height == 3 && s.filter_width == 3 && s.stride_height == 1 && s.stride_width == 1 && s.dilation_height == 1 &&
         s.dilation_width == 1 && s.in_channels >= kWinogradFewestChannels && s.out_channels >= kWinogradFewestChannels &&
         s.out_height >= 3 && s.out_width >= 3 && MakeWinogradGrid(s.batch, s.out_height, s.out_width).tiles >= kFewestTiles;
}

Status RunWinogradF32Filter(Context& context, const ConvShape& s, const float* x, const float* dy, float* dfilter) {
  const WinogradF32Table& table = WinogradF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  Plan plan = MakePlan(s, table, ConvF32Tables(context.tier()), x, dy);
  const int64_t part_floats = kWinogradPositions * plan.sum_position, filters = s.in_channels * s.out_channels;
  const size_t line = static_cast<size_t>(s.in_width * s.in_channels);
  float* zeros = scratch.Take<float>(line);
  float* sums = scratch.Take<float>(static_cast<size_t>(plan.parts * part_floats));
  Slice* slices = scratch.Take<Slice>(static_cast<size_t>(pool.threads()));
  if (zeros == nullptr || sums == nullptr || slices == nullptr) return Status::kOutOfMemory;
  for (int i = 0; i < pool.threads(); i++) {
    slices[i].inputs = scratch.Take<float>(static_cast<size_t>(kWinogradPositions * plan.input_position));
    slices[i].gradients = scratch.Take<float>(static_cast<size_t>(kWinogradPositions * plan.gradient_position));
    if (slices[i].inputs == nullptr || slices[i].gradients == nullptr) return Status::kOutOfMemory;
  }
  std::fill(zeros, zeros + line, 0.0f);
  plan.source.zeros = zeros;
  pool.ParallelFor(plan.parts, 1, [&](int64_t begin, int64_t end, int thread) {
    const Slice& slice = slices[thread];
    for (int64_t part = begin; part < end; part++) {
      float* sum = sums + part * part_floats;
      std::fill(sum, sum + part_floats, 0.0f);
      const int64_t last = plan.grid.tiles * (part + 1) / plan.parts;
      for (int64_t first = plan.grid.tiles * part / plan.parts; first < last; first += plan.task_tiles) {
        const int64_t count = std::min(plan.task_tiles, last - first);
        TransformWinogradInputs(table, plan.grid, plan.source, first, count, slice.inputs, plan.input_position);
        TransformGradients(plan, first, count, slice);
        AddProducts(plan, count, slice, sum);
      }
    }
  });
  pool.ParallelFor(filters, kJoined, [&](int64_t begin, int64_t end, int) {
    table.filter_gradient.run(
        {sums + begin, plan.parts, part_floats, plan.sum_position, end - begin, dfilter + begin, filters});
  });
  return Status::kOk;
}

}  // namespace qk
