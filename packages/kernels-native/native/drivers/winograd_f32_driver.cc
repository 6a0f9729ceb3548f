#include <algorithm>

#include "qk/context.h"
#include "qk/gemm_f32.h"
#include "qk/image_window.h"
#include "qk/tap_convolution_f32.h"
#include "qk/winograd_f32.h"

// One task: some lines of tiles, of one image or of several. Their transformed inputs [16][tiles][source channels] and products
// [16][tiles][channels] stay in the second-level cache.

namespace qk {
namespace {

constexpr int64_t kPositions = 16;
constexpr int64_t kTaskFloats = 64 * 1024;  // of inputs and products: 256 KB
constexpr int64_t kFewestTiles = 96;        // below, transforming the filter costs more than it saves
constexpr int64_t kFewestChannels = 24;     // below, transforming inputs and products does

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Plan {
  const TapConvolutionF32& call;
  const WinogradF32Table& table;
  const GemmF32Table& products;
  int64_t lines, tiles;          // of tiles per image, tiles per line
  int64_t task_lines, capacity;  // lines and tiles per task
  const float* filter;           // [16][source channels][channels], or packed panels of each position
  int64_t filter_position;       // floats between positions
  bool is_packed;
};

// Buffers of one thread, and pointers to their rows, [16][capacity] each.
struct Slice {
  float* inputs;
  float* outputs;
  float* window;
  const float** input_rows;
  float** output_rows;
};

// Inputs of line `line` (of all images) to tile `at` of the slice.
void LoadLine(const Plan& plan, int64_t line, int64_t at, const Slice& slice) {
  const TapConvolutionF32& s = plan.call;
  const int64_t n = line / plan.lines, channels = s.source_channels;
  const int64_t top = s.top + line % plan.lines * 2;
  const ImageF32 image = {s.source + n * s.source_height * s.source_width * channels, s.source_height, s.source_width,
                          channels};
  const auto transform = [&](const float* x, int64_t columns, int64_t tile, int64_t tiles) {
    plan.table.input.run(
        {x, columns * channels, tiles, channels, slice.inputs + (at + tile) * channels, plan.capacity * channels});
  };
  // Tiles [begin, end) lie inside the image.
  int64_t begin = std::min(CeilDiv(std::max<int64_t>(-s.left, 0), 2), plan.tiles);
  int64_t end = std::clamp((s.source_width - s.left - 2) / 2, begin, plan.tiles);
  if (!IsInside(image, top, s.left + 2 * begin, 4, 2 * (end - begin) + 2)) begin = end = 0;
  if (begin < end) {
    transform(image.data + (top * image.width + s.left + 2 * begin) * channels, image.width, begin, end - begin);
  }
  for (const auto& [first, last] : {std::pair{int64_t{0}, begin}, std::pair{end, plan.tiles}}) {
    if (first == last) continue;
    const int64_t columns = 2 * (last - first) + 2;
    CopyWindow(image, top, s.left + 2 * first, 4, columns, 0.0f, slice.window);
    transform(slice.window, columns, first, last - first);
  }
}

void Multiply(const Plan& plan, int64_t count, const Slice& slice) {
  const TapConvolutionF32& s = plan.call;
  const int64_t offset = 0, width = plan.products.max_columns, tiles = CeilDiv(count, plan.products.max_rows);
  GemmF32Tile tile = {};
  tile.tap_offsets = &offset;
  tile.taps = 1;
  tile.depth = s.source_channels;
  tile.b_stride = plan.is_packed ? width : s.channels;
  tile.epilogue.minimum = -__builtin_inff();
  tile.epilogue.maximum = __builtin_inff();
  for (int64_t p = 0; p < kPositions; p++) {
    for (tile.column = 0; tile.column < s.channels; tile.column += width) {
      tile.columns = std::min(width, s.channels - tile.column);
      tile.b = plan.filter + p * plan.filter_position + tile.column * (plan.is_packed ? s.source_channels : 1);
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t begin = count * t / tiles;
        tile.rows = count * (t + 1) / tiles - begin;
        tile.a_rows = slice.input_rows + p * plan.capacity + begin;
        tile.c_rows = slice.output_rows + p * plan.capacity + begin;
        plan.products.tile.run(tile);
      }
    }
  }
}

void StoreLine(const Plan& plan, int64_t line, int64_t at, const Slice& slice) {
  const TapConvolutionF32& s = plan.call;
  const int64_t n = line / plan.lines, i = line % plan.lines * 2;
  const int64_t first = (n * s.target_height + i) * s.target_width * s.channels;
  WinogradF32Output call = {};
  call.products = slice.outputs + at * s.channels;
  call.position = plan.capacity * s.channels;
  call.tiles = plan.tiles;
  call.channels = s.channels;
  call.lines = std::min<int64_t>(2, s.grid_height - i);
  call.pixels = s.grid_width;
  call.bias = s.bias;
  call.residual = s.residual != nullptr ? s.residual + first : nullptr;
  call.minimum = s.minimum;
  call.maximum = s.maximum;
  call.y = s.target + first;
  call.line = s.target_width * s.channels;
  plan.table.output.run(call);
}

bool TakeSlice(Scratch& scratch, const Plan& plan, Slice& slice) {
  const TapConvolutionF32& s = plan.call;
  const size_t rows = static_cast<size_t>(kPositions * plan.capacity);
  slice.inputs = scratch.Take<float>(rows * static_cast<size_t>(s.source_channels));
  slice.outputs = scratch.Take<float>(rows * static_cast<size_t>(s.channels));
  slice.window = scratch.Take<float>(static_cast<size_t>(4 * (2 * plan.tiles + 2) * s.source_channels));
  slice.input_rows = scratch.Take<const float*>(rows);
  slice.output_rows = scratch.Take<float*>(rows);
  if (slice.inputs == nullptr || slice.outputs == nullptr || slice.window == nullptr || slice.input_rows == nullptr ||
      slice.output_rows == nullptr) {
    return false;
  }
  for (size_t i = 0; i < rows; i++) {
    slice.input_rows[i] = slice.inputs + static_cast<int64_t>(i) * s.source_channels;
    slice.output_rows[i] = slice.outputs + static_cast<int64_t>(i) * s.channels;
  }
  return true;
}

// Transformed filters, packed in panels where there is more than one; null when out of memory.
const float* TransformFilter(Context& context, Scratch& scratch, Plan& plan) {
  const TapConvolutionF32& s = plan.call;
  const int64_t matrix = s.source_channels * s.channels;
  float* plain = scratch.Take<float>(static_cast<size_t>(kPositions * matrix));
  if (plain == nullptr) return nullptr;
  plan.table.filter.run(s.filter, matrix, plain);
  plan.filter_position = matrix;
  if (s.channels <= plan.products.max_columns) return plain;
  const int64_t size = PackedF32Size(context.tier(), s.source_channels, s.channels);
  float* packed = scratch.Take<float>(static_cast<size_t>(kPositions * size));
  if (packed == nullptr) return nullptr;
  for (int64_t p = 0; p < kPositions; p++) {
    PackF32(context, {plain + p * matrix, s.channels, false}, s.source_channels, s.channels, packed + p * size);
  }
  plan.is_packed = true;
  plan.filter_position = size;
  return packed;
}

}  // namespace

bool SuitsWinogradF32(const TapConvolutionF32& s) {
  const bool fits = s.taps == 3 && s.run == 3 && s.reach_y == 3 && s.step_y == 1 && s.step_x == 1 && s.target_step_y == 1 &&
                    s.target_step_x == 1 && s.target_top == 0 && s.target_left == 0 && s.filter != nullptr;
  const int64_t tiles = s.batch * CeilDiv(s.grid_height, 2) * CeilDiv(s.grid_width, 2);
  return fits && s.source_channels >= kFewestChannels && s.channels >= kFewestChannels && tiles >= kFewestTiles &&
         s.grid_height >= 2 && s.grid_width >= 2;
}

Status RunWinogradF32(Context& context, const TapConvolutionF32& s) {
  const WinogradF32Table& table = WinogradF32Tables(context.tier());
  const GemmF32Table& products = GemmF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  Plan plan = {s, table, products, CeilDiv(s.grid_height, 2), CeilDiv(s.grid_width, 2), 1, 1, nullptr, 0, false};
  const int64_t all_lines = s.batch * plan.lines;
  const int64_t line_floats = kPositions * plan.tiles * (s.source_channels + s.channels);
  plan.task_lines = std::clamp<int64_t>(kTaskFloats / line_floats, 1, CeilDiv(all_lines, 3 * pool.threads()));
  // One more, so that the 16 positions of a tile do not meet in one set of the first-level cache.
  plan.capacity = plan.task_lines * plan.tiles + 1;
  plan.filter = TransformFilter(context, scratch, plan);
  Slice* slices = scratch.Take<Slice>(static_cast<size_t>(pool.threads()));
  if (plan.filter == nullptr || slices == nullptr) return Status::kOutOfMemory;
  for (int i = 0; i < pool.threads(); i++) {
    if (!TakeSlice(scratch, plan, slices[i])) return Status::kOutOfMemory;
  }
  pool.ParallelFor(CeilDiv(all_lines, plan.task_lines), 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t first = task * plan.task_lines, count = std::min(plan.task_lines, all_lines - first);
      for (int64_t l = 0; l < count; l++) LoadLine(plan, first + l, l * plan.tiles, slices[thread]);
      Multiply(plan, count * plan.tiles, slices[thread]);
      for (int64_t l = 0; l < count; l++) StoreLine(plan, first + l, l * plan.tiles, slices[thread]);
    }
  });
  return Status::kOk;
}

}  // namespace qk
