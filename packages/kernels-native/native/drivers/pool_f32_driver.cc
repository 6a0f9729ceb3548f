#include <algorithm>

#include "qk/context.h"
#include "qk/pool_f32.h"

namespace qk {
namespace {

constexpr int64_t kGrain = 16 * 1024;     // elements read per task
constexpr int64_t kChannelsPerTask = 64;  // of a gradient, where images are fewer than tasks wanted

// The window cells that lie inside x along one axis: cells [begin, end), the first one at `first`.
struct Span1d {
  int64_t begin, end, first;
};

Span1d Inside(int64_t out, int64_t stride, int64_t pad, int64_t dilation, int64_t window, int64_t size) {
  const int64_t origin = out * stride - pad;
  const int64_t begin = std::min(window, origin < 0 ? (-origin + dilation - 1) / dilation : 0);
  const int64_t end = std::clamp<int64_t>((size - origin + dilation - 1) / dilation, begin, window);
  return {begin, std::max(begin, end), origin + begin * dilation};
}

// Offsets in one image of the pixels of window (i, j); returns how many there are.
int64_t ListTaps(const PoolShape& s, int64_t i, int64_t j, int64_t* offsets) {
  const Span1d y = Inside(i, s.stride_height, s.pad_top, s.dilation_height, s.window_height, s.in_height);
  const Span1d x = Inside(j, s.stride_width, s.pad_left, s.dilation_width, s.window_width, s.in_width);
  int64_t count = 0;
  for (int64_t v = 0; v < y.end - y.begin; v++) {
    const int64_t line = (y.first + v * s.dilation_height) * s.in_width;
    for (int64_t u = 0; u < x.end - x.begin; u++) offsets[count++] = (line + x.first + u * s.dilation_width) * s.channels;
  }
  return count;
}

float ScaleOf(PoolF32 kind, const PoolShape& s, int64_t count) {
  const int64_t divisor = kind == PoolF32::kAverage ? count : s.window_height * s.window_width;
  return 1.0f / static_cast<float>(std::max<int64_t>(divisor, 1));
}

// Cells of a window that can lie inside x.
int64_t MostTaps(const PoolShape& s) { return std::min(s.window_height, s.in_height) * std::min(s.window_width, s.in_width); }

}  // namespace

Status RunPoolF32(Context& context, PoolF32 kind, const PoolShape& s, const float* x, float* y) {
  const PoolF32Table& table = PoolF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  const int64_t most = std::max<int64_t>(MostTaps(s), 1);
  const size_t slice = static_cast<size_t>(pool.threads() * most);
  int64_t* all_offsets = scratch.Take<int64_t>(slice);
  const float** all_taps = scratch.Take<const float*>(slice);
  if (all_offsets == nullptr || all_taps == nullptr) return Status::kOutOfMemory;

  const int64_t line_cost = std::max<int64_t>(s.out_width * s.channels * most, 1);
  pool.ParallelFor(s.batch * s.out_height, std::max<int64_t>(kGrain / line_cost, 1),
                   [&](int64_t begin, int64_t end, int thread) {
                     int64_t* offsets = all_offsets + thread * most;
                     const float** taps = all_taps + thread * most;
                     for (int64_t line = begin; line < end; line++) {
                       const float* image = x + line / s.out_height * s.in_height * s.in_width * s.channels;
                       for (int64_t j = 0; j < s.out_width; j++) {
                         float* out = y + (line * s.out_width + j) * s.channels;
                         const int64_t count = ListTaps(s, line % s.out_height, j, offsets);
                         for (int64_t t = 0; t < count; t++) taps[t] = image + offsets[t];
                         if (count == 0) {
                           std::fill_n(out, s.channels, kind == PoolF32::kMax ? -__builtin_inff() : 0.0f);
                         } else if (kind == PoolF32::kMax) {
                           table.max.run(taps, count, s.channels, out);
                         } else {
                           table.sum.run(taps, count, s.channels, ScaleOf(kind, s, count), out);
                         }
                       }
                     }
                   });
  return Status::kOk;
}

Status RunPoolBackwardF32(Context& context, PoolF32 kind, const PoolShape& s, const float* dy, const float* x, const float* y,
                          float* dx) {
  const PoolF32Table& table = PoolF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  const int64_t most = std::max<int64_t>(MostTaps(s), 1);
  const size_t slice = static_cast<size_t>(pool.threads() * most);
  int64_t* all_offsets = scratch.Take<int64_t>(slice);
  const float** all_taps = scratch.Take<const float*>(slice);
  float** all_dtaps = scratch.Take<float*>(slice);
  if (all_offsets == nullptr || all_taps == nullptr || all_dtaps == nullptr) return Status::kOutOfMemory;

  // Windows of one image overlap, so a task is an image, or some channels of it.
  const int64_t groups =
      s.batch >= 2 * pool.threads() ? 1 : std::max<int64_t>((s.channels + kChannelsPerTask - 1) / kChannelsPerTask, 1);
  const int64_t image_size = s.in_height * s.in_width * s.channels;
  pool.ParallelFor(s.batch * groups, 1, [&](int64_t begin, int64_t end, int thread) {
    int64_t* offsets = all_offsets + thread * most;
    const float** taps = all_taps + thread * most;
    float** dtaps = all_dtaps + thread * most;
    for (int64_t task = begin; task < end; task++) {
      const int64_t n = task / groups, c0 = s.channels * (task % groups) / groups;
      const int64_t channels = s.channels * (task % groups + 1) / groups - c0;
      float* dimage = dx + n * image_size + c0;
      for (int64_t p = 0; p < s.in_height * s.in_width; p++) std::fill_n(dimage + p * s.channels, channels, 0.0f);
      for (int64_t p = 0; p < s.out_height * s.out_width; p++) {
        const int64_t count = ListTaps(s, p / s.out_width, p % s.out_width, offsets);
        const int64_t at = (n * s.out_height * s.out_width + p) * s.channels + c0;
        for (int64_t t = 0; t < count; t++) dtaps[t] = dimage + offsets[t];
        if (kind == PoolF32::kMax) {
          for (int64_t t = 0; t < count; t++) taps[t] = x + n * image_size + c0 + offsets[t];
          table.max_gradient.run(taps, y + at, dy + at, count, channels, dtaps);
        } else {
          table.sum_gradient.run(dy + at, count, channels, ScaleOf(kind, s, count), dtaps);
        }
      }
    }
  });
  return Status::kOk;
}

}  // namespace qk
