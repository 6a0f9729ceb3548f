#include "qk/tap_convolution_f32.h"

#include <algorithm>

#include "qk/context.h"
#include "qk/conv_f32.h"
#include "qk/gemm_f32.h"

// One task: a strip of grid lines of one image times a group of panels (max_columns target channels). The source lines of the
// strip are copied with their padding to a window in the second-level cache, so that every position of the strip has the same
// taps; a strip that needs no padding is read in place. Then, for each panel, tiles of max_rows positions.

namespace qk {
namespace {

constexpr int64_t kWindowFloats = 40 * 1024;  // 160 KB of the source per strip, where the image is larger than that
constexpr int64_t kTilesToPack = 6;           // panels are packed when at least this many tiles use each of them

constexpr int64_t kLinePixels = 8;  // shorter lines leave a line kernel's blocks empty

struct Plan {
  const TapConvolutionF32& call;
  const GemmF32Table& table;
  int64_t depth;        // floats per tap
  int64_t strip_lines;  // grid lines
  int64_t strips;       // per image
  int64_t panels, panel_groups;
  const float* packed;  // [panel][taps * depth][max_columns], or null
  int64_t window_floats;
};

struct ThreadScratch {
  float* window;
  const float** a_rows;  // [strip_lines * grid_width]
  float** c_rows;
  const float** residual_rows;
  int64_t* tap_offsets;
};

// Points the rows of the strip [line, line + lines) of image n at the source and the target: all of them, or of every grid line
// the first `per_line`.
void PlaceRows(const Plan& plan, int64_t n, int64_t line, int64_t lines, int64_t per_line, const ThreadScratch& scratch) {
  const TapConvolutionF32& call = plan.call;
  const ImageF32 image = {call.source + n * call.source_height * call.source_width * call.source_channels, call.source_height,
                          call.source_width, call.source_channels};
  const int64_t top = call.top + line * call.step_y;
  const int64_t window_lines = (lines - 1) * call.step_y + call.reach_y;
  const int64_t window_columns = (call.grid_width - 1) * call.step_x + call.reach_x;
  const bool in_place = IsInside(image, top, call.left, window_lines, window_columns);
  const int64_t columns = in_place ? image.width : window_columns;
  const float* first = image.data + (top * image.width + call.left) * image.channels;
  if (!in_place) {
    CopyWindow(image, top, call.left, window_lines, window_columns, 0.0f, scratch.window);
    first = scratch.window;
  }
  for (int64_t t = 0; t < call.taps; t++) {
    scratch.tap_offsets[t] = (call.tap_y[t] * columns + call.tap_x[t]) * image.channels;
  }
  const int64_t pixel = call.step_x * image.channels, target_pixel = call.target_step_x * call.channels;
  for (int64_t i = 0; i < lines; i++) {
    int64_t row = i * call.grid_width;
    const float* a = first + i * call.step_y * columns * image.channels;
    const int64_t target_line = n * call.target_height + call.target_top + (line + i) * call.target_step_y;
    const int64_t at = (target_line * call.target_width + call.target_left) * call.channels;
    for (int64_t j = 0; j < per_line; j++, row++) {
      scratch.a_rows[row] = a + j * pixel;
      scratch.c_rows[row] = call.target + at + j * target_pixel;
      if (call.residual != nullptr) scratch.residual_rows[row] = call.residual + at + j * target_pixel;
    }
  }
}

void RunTiles(const Plan& plan, int64_t positions, int64_t first_panel, int64_t end_panel, const ThreadScratch& scratch) {
  const TapConvolutionF32& call = plan.call;
  const int64_t width = plan.table.max_columns, tiles = CeilDiv(positions, plan.table.max_rows);
  GemmF32Tile tile = {};
  tile.tap_offsets = scratch.tap_offsets;
  tile.taps = call.taps;
  tile.depth = plan.depth;
  tile.b_stride = plan.packed != nullptr ? width : call.channels;
  tile.epilogue = {call.bias, nullptr, false, call.minimum, call.maximum};
  for (int64_t panel = first_panel; panel < end_panel; panel++) {
    tile.column = panel * width;
    tile.columns = std::min(width, call.channels - tile.column);
    tile.b = plan.packed != nullptr ? plan.packed + panel * call.taps * plan.depth * width : call.filter + tile.column;
    for (int64_t t = 0; t < tiles; t++) {
      const int64_t begin = positions * t / tiles;
      tile.rows = positions * (t + 1) / tiles - begin;
      tile.a_rows = scratch.a_rows + begin;
      tile.c_rows = scratch.c_rows + begin;
      if (call.residual != nullptr) tile.epilogue.residual_rows = scratch.residual_rows + begin;
      plan.table.tile.run(tile);
    }
  }
}

// Few output channels, taps three pixels wide, neighbours in the grid neighbours in both images: line by line.
bool SuitsLines(const TapConvolutionF32& call, const ConvF32Table& table) {
  return call.run == 3 && call.step_x == 1 && call.target_step_x == 1 && call.channels <= table.max_line_columns &&
         call.grid_width >= kLinePixels && call.packed_filter == nullptr;
}

void RunLines(const Plan& plan, const ConvF32Table& table, int64_t lines, const ThreadScratch& scratch) {
  const TapConvolutionF32& call = plan.call;
  ConvF32Line line = {};
  line.taps = scratch.tap_offsets;
  line.tap_count = call.taps;
  line.channels = call.source_channels;
  line.filter = call.filter;
  line.filter_stride = call.channels;
  line.pixels = call.grid_width;
  line.columns = call.channels;
  line.bias = call.bias;
  line.minimum = call.minimum;
  line.maximum = call.maximum;
  line.y_pixel = call.channels;
  for (int64_t i = 0; i < lines; i++) {
    const int64_t row = i * call.grid_width;
    line.x = scratch.a_rows[row];
    line.y = scratch.c_rows[row];
    line.residual = call.residual != nullptr ? scratch.residual_rows[row] : nullptr;
    table.line.run(line);
  }
}

Plan MakePlan(const TapConvolutionF32& call, const GemmF32Table& table, int threads) {
  Plan plan = {call, table, call.run * call.source_channels, 0, 0, CeilDiv(call.channels, table.max_columns), 1, nullptr, 0};
  const int64_t line = ((call.grid_width - 1) * call.step_x + call.reach_x) * call.source_channels;
  const int64_t window_lines = std::max<int64_t>(kWindowFloats / std::max<int64_t>(line, 1), 1);
  int64_t lines = std::max<int64_t>((window_lines - call.reach_y) / call.step_y + 1, 1);
  // Enough tasks for every thread, but no strips below one full tile.
  const int64_t wanted = CeilDiv(4 * threads, call.batch);
  if (wanted > 1) {
    const int64_t least = CeilDiv(2 * table.max_rows, call.grid_width);
    lines = std::min(lines, std::max(CeilDiv(call.grid_height, wanted), least));
  }
  lines = std::min(lines, call.grid_height);
  plan.strips = CeilDiv(call.grid_height, lines);
  plan.strip_lines = CeilDiv(call.grid_height, plan.strips);
  plan.strips = CeilDiv(call.grid_height, plan.strip_lines);
  plan.panel_groups = std::clamp<int64_t>(CeilDiv(4 * threads, call.batch * plan.strips), 1, plan.panels);
  if (threads == 1) plan.panel_groups = 1;
  plan.window_floats = ((plan.strip_lines - 1) * call.step_y + call.reach_y) * line;
  return plan;
}

}  // namespace

Status RunTapConvolutionF32(Context& context, const TapConvolutionF32& call) {
  if (call.batch == 0 || call.grid_height == 0 || call.grid_width == 0 || call.channels == 0) return Status::kOk;
  const GemmF32Table& table = GemmF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  Plan plan = MakePlan(call, table, pool.threads());

  const int64_t all_tiles = call.batch * call.grid_height * call.grid_width / table.max_rows;
  plan.packed = call.packed_filter;
  if (plan.packed == nullptr && plan.panels > 1 && all_tiles >= kTilesToPack) {
    const int64_t rows = call.taps * plan.depth;
    float* packed = scratch.Take<float>(static_cast<size_t>(PackedF32Size(context.tier(), rows, call.channels)));
    if (packed == nullptr) return Status::kOutOfMemory;
    PackF32(context, {call.filter, call.channels, false}, rows, call.channels, packed);
    plan.packed = packed;
  }
  const ConvF32Table& lines_table = ConvF32Tables(context.tier());
  const bool by_lines = SuitsLines(call, lines_table);
  const size_t threads = static_cast<size_t>(pool.threads());
  const size_t positions = static_cast<size_t>(plan.strip_lines * call.grid_width);
  ThreadScratch* slices = scratch.Take<ThreadScratch>(threads);
  if (slices == nullptr) return Status::kOutOfMemory;
  for (size_t i = 0; i < threads; i++) {
    slices[i] = {scratch.Take<float>(static_cast<size_t>(plan.window_floats)), scratch.Take<const float*>(positions),
                 scratch.Take<float*>(positions), scratch.Take<const float*>(positions),
                 scratch.Take<int64_t>(static_cast<size_t>(call.taps))};
    if (slices[i].window == nullptr || slices[i].a_rows == nullptr || slices[i].c_rows == nullptr ||
        slices[i].residual_rows == nullptr || slices[i].tap_offsets == nullptr) {
      return Status::kOutOfMemory;
    }
  }
  pool.ParallelFor(call.batch * plan.strips * plan.panel_groups, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t group = i % plan.panel_groups, strip = i / plan.panel_groups % plan.strips;
      const int64_t n = i / plan.panel_groups / plan.strips, line = strip * plan.strip_lines;
      const int64_t lines = std::min(plan.strip_lines, call.grid_height - line);
      PlaceRows(plan, n, line, lines, by_lines ? 1 : call.grid_width, slices[thread]);
      if (by_lines) {
        RunLines(plan, lines_table, lines, slices[thread]);
        continue;
      }
      RunTiles(plan, lines * call.grid_width, plan.panels * group / plan.panel_groups,
               plan.panels * (group + 1) / plan.panel_groups, slices[thread]);
    }
  });
  return Status::kOk;
}

}  // namespace qk
