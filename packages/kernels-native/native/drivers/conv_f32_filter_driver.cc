#include <algorithm>

#include "qk/context.h"
#include "qk/conv_f32.h"
#include "qk/image_window.h"
#include "qk/reduce_f32.h"
#include "qk/winograd_f32.h"

// The batch is cut into parts, each summed into a filter of its own; the parts are added in order at the end. Within a part,
// image by image and strip by strip: the padded lines of x and the lines of dy of one strip stay in the first-level cache
// while all tiles of the filter read them.

namespace qk {
namespace {

constexpr int64_t kStripFloats = 8 * 1024;  // 32 KB of x and dy
constexpr int64_t kMostParts = 16;
constexpr int64_t kPartFloats = 8 * 1024 * 1024;  // 32 MB for all parts
constexpr int64_t kWantedTasks = 8;

struct Plan {
  const ConvShape& shape;
  const ConvF32Table& table;
  const float* x;
  const float* dy;
  int64_t run;          // window columns that are neighbours in memory, so one row block covers their channels
  int64_t taps, depth;  // taps * depth = rows of the filter matrix
  int64_t tile_rows, blocks_per_tap, splits;
  int64_t strip_lines, window_columns;
  int64_t parts, filter_floats;
  bool with_bias;
};

// Tiles of the row blocks [first_block, end_block) for one strip.
void RunStrip(const Plan& plan, const float* x, int64_t x_columns, const float* dy, int64_t lines, int64_t first_block,
              int64_t end_block, float* filter) {
  const ConvShape& s = plan.shape;
  ConvF32FilterTile tile = {};
  tile.x_pixel = s.stride_width * s.in_channels;
  tile.x_line = s.stride_height * x_columns * s.in_channels;
  tile.dy_pixel = s.out_channels;
  tile.dy_line = s.out_width * s.out_channels;
  tile.pixels = s.out_width;
  tile.lines = lines;
  if (tile.x_line == tile.pixels * tile.x_pixel) {
    tile.pixels *= lines;
    tile.lines = 1;
  }
  tile.out_stride = s.out_channels;
  for (int64_t block = first_block; block < end_block; block++) {
    const int64_t tap = block / plan.blocks_per_tap, part = block % plan.blocks_per_tap;
    const int64_t begin = plan.depth * part / plan.blocks_per_tap, end = plan.depth * (part + 1) / plan.blocks_per_tap;
    const int64_t taps_per_line = s.filter_width / plan.run;
    const int64_t y = tap / taps_per_line * s.dilation_height, column = tap % taps_per_line * s.dilation_width;
    tile.x = x + (y * x_columns + column) * s.in_channels + begin;
    tile.rows = end - begin;
    for (int64_t j = 0; j < s.out_channels; j += plan.table.max_columns) {
      tile.columns = std::min(plan.table.max_columns, s.out_channels - j);
      tile.dy = dy + j;
      tile.out = filter + (tap * plan.depth + begin) * s.out_channels + j;
      plan.table.filter_tile.run(tile);
    }
  }
}

// The bias is the filter of a channel that is one everywhere.
void RunBias(const Plan& plan, const float* dy, int64_t pixels, float* bias) {
  const float one = 1;
  ConvF32FilterTile tile = {};
  tile.x = &one;
  tile.dy_pixel = plan.shape.out_channels;
  tile.pixels = pixels;
  tile.lines = 1;
  tile.rows = 1;
  for (int64_t j = 0; j < plan.shape.out_channels; j += plan.table.max_columns) {
    tile.columns = std::min(plan.table.max_columns, plan.shape.out_channels - j);
    tile.dy = dy + j;
    tile.out = bias + j;
    plan.table.filter_tile.run(tile);
  }
}

// Images of one part, row blocks of one split.
void RunPart(const Plan& plan, int64_t part, int64_t split, float* window, float* filter) {
  const ConvShape& s = plan.shape;
  const int64_t blocks = plan.taps * plan.blocks_per_tap;
  const int64_t first_block = blocks * split / plan.splits, end_block = blocks * (split + 1) / plan.splits;
  const int64_t first_image = s.batch * part / plan.parts, end_image = s.batch * (part + 1) / plan.parts;
  const int64_t reach_y = (s.filter_height - 1) * s.dilation_height + 1;
  for (int64_t n = first_image; n < end_image; n++) {
    const ImageF32 image = {plan.x + n * s.in_height * s.in_width * s.in_channels, s.in_height, s.in_width, s.in_channels};
    for (int64_t line = 0; line < s.out_height; line += plan.strip_lines) {
      const int64_t lines = std::min(plan.strip_lines, s.out_height - line);
      const int64_t top = line * s.stride_height - s.pad_top, window_lines = (lines - 1) * s.stride_height + reach_y;
      const float* dy = plan.dy + (n * s.out_height + line) * s.out_width * s.out_channels;
      if (IsInside(image, top, -s.pad_left, window_lines, plan.window_columns)) {
        const float* x = image.data + (top * s.in_width - s.pad_left) * s.in_channels;
        RunStrip(plan, x, s.in_width, dy, lines, first_block, end_block, filter);
      } else {
        CopyWindow(image, top, -s.pad_left, window_lines, plan.window_columns, 0.0f, window);
        RunStrip(plan, window, plan.window_columns, dy, lines, first_block, end_block, filter);
      }
      if (plan.with_bias && split == 0)
        RunBias(plan, dy, lines * s.out_width, filter + plan.taps * plan.depth * s.out_channels);
    }
  }
}

Plan MakePlan(const ConvShape& s, const ConvF32Table& table, const float* x, const float* dy, bool with_bias) {
  Plan plan = {s, table, x, dy, s.dilation_width == 1 ? s.filter_width : 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, with_bias};
  plan.taps = s.filter_height * (s.filter_width / plan.run);
  plan.depth = plan.run * s.in_channels;
  plan.tile_rows = s.out_channels <= table.max_columns / 2 ? table.max_narrow_rows : table.max_rows;
  plan.blocks_per_tap = CeilDiv(plan.depth, plan.tile_rows);
  plan.window_columns = (s.out_width - 1) * s.stride_width + (s.filter_width - 1) * s.dilation_width + 1;
  const int64_t line = s.stride_height * plan.window_columns * s.in_channels + s.out_width * s.out_channels;
  plan.strip_lines = std::clamp<int64_t>(kStripFloats / std::max<int64_t>(line, 1), 1, s.out_height);
  plan.strip_lines = CeilDiv(s.out_height, CeilDiv(s.out_height, plan.strip_lines));
  plan.filter_floats = (plan.taps * plan.depth + (with_bias ? 1 : 0)) * s.out_channels;
  plan.parts = std::clamp<int64_t>(kPartFloats / std::max<int64_t>(plan.filter_floats, 1), 1, std::min(s.batch, kMostParts));
  plan.splits = std::min(plan.taps * plan.blocks_per_tap, CeilDiv(kWantedTasks, plan.parts));
  return plan;
}

}  // namespace

Status ConvF32BackwardFilter(Context& context, const ConvShape& s, const float* x, const float* dy, float* dfilter,
                             float* dbias) {
  if (SuitsWinogradF32Filter(s)) {
    const int64_t pixels = s.batch * s.out_height * s.out_width;
    if (dbias != nullptr) {
      const Status status = RunReduceF32(context, ReduceF32::kSum, 1, pixels, s.out_channels, dy, 1.0f, dbias);
      if (status != Status::kOk) return status;
    }
    return RunWinogradF32Filter(context, s, x, dy, dfilter);
  }
  const int64_t filter_floats = s.filter_height * s.filter_width * s.in_channels * s.out_channels;
  std::fill_n(dfilter, filter_floats, 0.0f);
  if (dbias != nullptr) std::fill_n(dbias, s.out_channels, 0.0f);
  if (s.batch == 0 || s.out_height == 0 || s.out_width == 0 || s.out_channels == 0) return Status::kOk;
  const ConvF32Table& table = ConvF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  const Plan plan = MakePlan(s, table, x, dy, dbias != nullptr);

  const size_t threads = static_cast<size_t>(pool.threads());
  const int64_t window_lines = (plan.strip_lines - 1) * s.stride_height + (s.filter_height - 1) * s.dilation_height + 1;
  const int64_t window_floats = window_lines * plan.window_columns * s.in_channels;
  float* windows = scratch.Take<float>(threads * static_cast<size_t>(window_floats));
  float* filters = scratch.Take<float>(static_cast<size_t>(plan.parts * plan.filter_floats));
  if (windows == nullptr || filters == nullptr) return Status::kOutOfMemory;

  pool.ParallelFor(plan.parts, 1, [&](int64_t begin, int64_t end, int) {
    std::fill(filters + begin * plan.filter_floats, filters + end * plan.filter_floats, 0.0f);
  });
  pool.ParallelFor(plan.parts * plan.splits, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t part = i / plan.splits;
      RunPart(plan, part, i % plan.splits, windows + thread * window_floats, filters + part * plan.filter_floats);
    }
  });
  pool.ParallelFor(filter_floats, 4096, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = 0; part < plan.parts; part++) {
      const float* from = filters + part * plan.filter_floats;
      for (int64_t i = begin; i < end; i++) dfilter[i] += from[i];
    }
  });
  for (int64_t part = 0; dbias != nullptr && part < plan.parts; part++) {
    const float* from = filters + part * plan.filter_floats + filter_floats;
    for (int64_t i = 0; i < s.out_channels; i++) dbias[i] += from[i];
  }
  return Status::kOk;
}

}  // namespace qk
