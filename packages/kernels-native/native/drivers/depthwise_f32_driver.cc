#include <algorithm>
#include <vector>

#include "qk/context.h"
#include "qk/depthwise_f32.h"
#include "qk/image_window.h"
#include "qk/input_gradient_phase.h"

// Strips of lines of one image, copied with their padding where they need any. A channel multiplier is no case of its own: the
// channels of the copy are repeated `multiplier` times, and the kernels see as many channels as there are outputs.

namespace qk {
namespace {

constexpr int64_t kWindowFloats = 16 * 1024;  // 64 KB of the source per strip, where the image is larger than that
constexpr int64_t kMostParts = 16;            // of a filter gradient

// A grid of positions that read the same taps; see TapConvolutionF32.
struct Grid {
  int64_t batch;
  const float* source;
  int64_t source_height, source_width, source_channels, multiplier;
  int64_t height, width;
  int64_t top, left, step_y, step_x;
  std::vector<int64_t> tap_y, tap_x;
  int64_t reach_y, reach_x;

  int64_t channels() const { return source_channels * multiplier; }
  int64_t window_columns() const { return (width - 1) * step_x + reach_x; }
  int64_t window_lines(int64_t lines) const { return (lines - 1) * step_y + reach_y; }
};

// The source under a strip: every tap of its first position, and floats between pixels and lines.
struct Strip {
  const float* first;
  int64_t columns;
};

int64_t StripLines(const Grid& grid, int64_t wanted_tasks) {
  const int64_t line = std::max<int64_t>(grid.window_columns() * grid.channels(), 1);
  int64_t lines = std::max<int64_t>((kWindowFloats / line - grid.reach_y) / grid.step_y + 1, 1);
  const int64_t per_image = (wanted_tasks + grid.batch - 1) / grid.batch;
  lines = std::min(lines, (grid.height + per_image - 1) / per_image);
  return std::clamp<int64_t>(lines, 1, grid.height);
}

Strip LoadStrip(const Grid& grid, int64_t n, int64_t line, int64_t lines, float* window) {
  const ImageF32 image = {grid.source + n * grid.source_height * grid.source_width * grid.source_channels, grid.source_height,
                          grid.source_width, grid.source_channels};
  const int64_t top = grid.top + line * grid.step_y, window_lines = grid.window_lines(lines);
  const int64_t columns = grid.window_columns();
  if (grid.multiplier == 1 && IsInside(image, top, grid.left, window_lines, columns)) {
    return {image.data + (top * image.width + grid.left) * image.channels, image.width};
  }
  CopyWindow(image, top, grid.left, window_lines, columns, 0.0f, window);
  if (grid.multiplier > 1) {
    // In place from behind: the repeated copy of a value never lies before the value.
    for (int64_t i = window_lines * columns * grid.source_channels - 1; i >= 0; i--) {
      std::fill_n(window + i * grid.multiplier, grid.multiplier, float{window[i]});
    }
  }
  return {window, columns};
}

// Pointers to pixel 0 of every tap of grid line `line` of a strip.
void PlaceTaps(const Grid& grid, const Strip& strip, int64_t line, const float** taps) {
  for (size_t t = 0; t < grid.tap_y.size(); t++) {
    taps[t] = strip.first + ((line * grid.step_y + grid.tap_y[t]) * strip.columns + grid.tap_x[t]) * grid.channels();
  }
}

struct ThreadScratch {
  float* window;
  const float** taps;
};

ThreadScratch* TakeScratch(Scratch& scratch, const Grid& grid, int64_t strip_lines, int threads) {
  ThreadScratch* slices = scratch.Take<ThreadScratch>(static_cast<size_t>(threads));
  if (slices == nullptr) return nullptr;
  const int64_t floats = grid.window_lines(strip_lines) * grid.window_columns() * grid.channels();
  for (int i = 0; i < threads; i++) {
    slices[i] = {scratch.Take<float>(static_cast<size_t>(floats)), scratch.Take<const float*>(grid.tap_y.size())};
    if (slices[i].window == nullptr || slices[i].taps == nullptr) return nullptr;
  }
  return slices;
}

// Where the lines of a grid go: pixel (i, j) of image n at (top + i * step_y, left + j * step_x).
struct Target {
  float* data;
  int64_t height, width, top, left, step_y, step_x;
};

Status RunGrid(Context& context, const Grid& grid, const float* filter, const float* bias, float minimum, float maximum,
               const Target& target) {
  if (grid.batch == 0 || grid.height == 0 || grid.width == 0 || grid.channels() == 0) return Status::kOk;
  const DepthwiseF32Table& table = DepthwiseF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  const int64_t strip_lines = StripLines(grid, 4 * pool.threads());
  const int64_t strips = (grid.height + strip_lines - 1) / strip_lines;
  ThreadScratch* slices = TakeScratch(scratch, grid, strip_lines, pool.threads());
  if (slices == nullptr) return Status::kOutOfMemory;
  pool.ParallelFor(grid.batch * strips, 1, [&](int64_t begin, int64_t end, int thread) {
    DepthwiseF32Line call = {};
    call.taps = slices[thread].taps;
    call.count = static_cast<int64_t>(grid.tap_y.size());
    call.x_step = grid.step_x * grid.channels();
    call.filter = filter;
    call.bias = bias;
    call.pixels = grid.width;
    call.channels = grid.channels();
    call.y_step = target.step_x * grid.channels();
    call.minimum = minimum;
    call.maximum = maximum;
    for (int64_t i = begin; i < end; i++) {
      const int64_t n = i / strips, line = i % strips * strip_lines, lines = std::min(strip_lines, grid.height - line);
      const Strip strip = LoadStrip(grid, n, line, lines, slices[thread].window);
      for (int64_t l = 0; l < lines; l++) {
        PlaceTaps(grid, strip, l, slices[thread].taps);
        const int64_t y = n * target.height + target.top + (line + l) * target.step_y;
        call.y = target.data + (y * target.width + target.left) * grid.channels();
        table.line.run(call);
      }
    }
  });
  return Status::kOk;
}

Grid ForwardGrid(const ConvShape& s, const float* x) {
  Grid grid = {s.batch,
               x,
               s.in_height,
               s.in_width,
               s.in_channels,
               s.out_channels / s.in_channels,
               s.out_height,
               s.out_width,
               -s.pad_top,
               -s.pad_left,
               s.stride_height,
               s.stride_width,
               {},
               {},
               1,
               1};
  for (int64_t i = 0; i < s.filter_height; i++) {
    for (int64_t j = 0; j < s.filter_width; j++) {
      grid.tap_y.push_back(i * s.dilation_height);
      grid.tap_x.push_back(j * s.dilation_width);
    }
  }
  grid.reach_y = (s.filter_height - 1) * s.dilation_height + 1;
  grid.reach_x = (s.filter_width - 1) * s.dilation_width + 1;
  return grid;
}

}  // namespace

Status DepthwiseF32(Context& context, const DepthwiseF32Call& call) {
  const ConvShape& s = call.shape;
  if (s.in_channels == 0) return Status::kOk;
  const Target target = {call.y, s.out_height, s.out_width, 0, 0, 1, 1};
  return RunGrid(context, ForwardGrid(s, call.x), call.filter, call.bias, call.minimum, call.maximum, target);
}

Status DepthwiseF32BackwardInput(Context& context, const ConvShape& s, const float* dy, const float* filter, float* dx) {
  if (s.in_channels == 0) return Status::kOk;
  const int64_t multiplier = s.out_channels / s.in_channels, pixels = s.batch * s.in_height * s.in_width;
  Scratch scratch(context);
  // With a multiplier: the gradient of the repeated channels first, then their sum.
  float* wide = multiplier == 1 ? dx : scratch.Take<float>(static_cast<size_t>(pixels * s.out_channels));
  float* turned = scratch.Take<float>(static_cast<size_t>(s.filter_height * s.filter_width * s.out_channels));
  if (wide == nullptr || turned == nullptr) return Status::kOutOfMemory;
  for (int64_t phase_y = 0; phase_y < s.stride_height; phase_y++) {
    const InputGradientPhase vertical =
        MakeInputGradientPhase(phase_y, s.in_height, s.filter_height, s.stride_height, s.dilation_height, s.pad_top);
    for (int64_t phase_x = 0; phase_x < s.stride_width; phase_x++) {
      const InputGradientPhase level =
          MakeInputGradientPhase(phase_x, s.in_width, s.filter_width, s.stride_width, s.dilation_width, s.pad_left);
      Grid grid = {s.batch,
                   dy,
                   s.out_height,
                   s.out_width,
                   s.out_channels,
                   1,
                   vertical.positions,
                   level.positions,
                   vertical.first,
                   level.first,
                   1,
                   1,
                   {},
                   {},
                   vertical.reach,
                   level.reach};
      float* out = turned;
      for (size_t i = 0; i < vertical.elements.size(); i++) {
        for (size_t j = 0; j < level.elements.size(); j++) {
          const int64_t element = vertical.elements[i] * s.filter_width + level.elements[j];
          out = std::copy_n(filter + element * s.out_channels, s.out_channels, out);
          grid.tap_y.push_back(vertical.shifts[i]);
          grid.tap_x.push_back(level.shifts[j]);
        }
      }
      const Target target = {wide, s.in_height, s.in_width, phase_y, phase_x, s.stride_height, s.stride_width};
      const Status status = RunGrid(context, grid, turned, nullptr, -__builtin_inff(), __builtin_inff(), target);
      if (status != Status::kOk) return status;
    }
  }
  if (multiplier > 1) {
    context.pool().ParallelFor(pixels * s.in_channels, 4096, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) {
        dx[i] = 0;
        for (int64_t q = 0; q < multiplier; q++) dx[i] += wide[i * multiplier + q];
      }
    });
  }
  return Status::kOk;
}

Status DepthwiseF32BackwardFilter(Context& context, const ConvShape& s, const float* x, const float* dy, float* dfilter) {
  const int64_t floats = s.filter_height * s.filter_width * s.out_channels;
  std::fill_n(dfilter, floats, 0.0f);
  if (s.batch == 0 || s.out_height == 0 || s.out_width == 0 || s.out_channels == 0) return Status::kOk;
  const DepthwiseF32Table& table = DepthwiseF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  const Grid grid = ForwardGrid(s, x);
  // Parts and strips depend on the shape alone, so that sums do not depend on the number of threads.
  const int64_t strip_lines = StripLines(grid, kMostParts);
  const int64_t strips = (s.out_height + strip_lines - 1) / strip_lines, parts = std::min(s.batch * strips, kMostParts);
  ThreadScratch* slices = TakeScratch(scratch, grid, strip_lines, pool.threads());
  float* partial = scratch.Take<float>(static_cast<size_t>(parts * floats));
  if (slices == nullptr || partial == nullptr) return Status::kOutOfMemory;
  pool.ParallelFor(parts, 1, [&](int64_t begin, int64_t end, int thread) {
    DepthwiseF32FilterLine call = {};
    call.taps = slices[thread].taps;
    call.count = static_cast<int64_t>(grid.tap_y.size());
    call.x_step = grid.step_x * grid.channels();
    call.dy_step = s.out_channels;
    call.pixels = s.out_width;
    call.channels = s.out_channels;
    for (int64_t part = begin; part < end; part++) {
      call.out = partial + part * floats;
      std::fill_n(call.out, floats, 0.0f);
      const int64_t last = s.batch * strips * (part + 1) / parts;
      for (int64_t i = s.batch * strips * part / parts; i < last; i++) {
        const int64_t n = i / strips, line = i % strips * strip_lines, lines = std::min(strip_lines, s.out_height - line);
        const Strip strip = LoadStrip(grid, n, line, lines, slices[thread].window);
        for (int64_t l = 0; l < lines; l++) {
          PlaceTaps(grid, strip, l, slices[thread].taps);
          call.dy = dy + (n * s.out_height + line + l) * s.out_width * s.out_channels;
          table.filter_line.run(call);
        }
      }
    }
  });
  for (int64_t part = 0; part < parts; part++) {
    for (int64_t i = 0; i < floats; i++) dfilter[i] += partial[part * floats + i];
  }
  return Status::kOk;
}

}  // namespace qk
