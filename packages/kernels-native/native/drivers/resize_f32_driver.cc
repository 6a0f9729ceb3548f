#include <algorithm>
#include <cmath>

#include "qk/context.h"
#include "qk/resize_f32.h"

// Waits for memory, not for arithmetic: compiled at the ABI floor, threaded by lines.

namespace qk {
namespace {

constexpr int64_t kGrain = 16 * 1024;  // elements written per task

// Where an output reads along one axis: lower + weight * (upper - lower).
struct Tap {
  int64_t lower, upper;
  float weight;
};

Tap TapOf(const ResizeF32Call& call, int64_t out, int64_t in_size, int64_t out_size) {
  const bool aligned = call.align_corners && out_size > 1;
  const double ratio =
      static_cast<double>(aligned ? in_size - 1 : in_size) / static_cast<double>(aligned ? out_size - 1 : out_size);
  const double place = static_cast<double>(out) + (call.half_pixel_centers ? 0.5 : 0.0);
  const int64_t last = in_size - 1;
  if (call.method == ResizeF32::kNearest) {
    const double at = std::floor(place * ratio + (call.align_corners ? 0.5 : 0.0));
    const int64_t nearest = std::clamp<int64_t>(static_cast<int64_t>(at), 0, last);
    return {nearest, nearest, 0.0f};
  }
  const double at = place * ratio - (call.half_pixel_centers ? 0.5 : 0.0);
  const int64_t lower = std::clamp<int64_t>(static_cast<int64_t>(std::floor(at)), 0, last);
  const int64_t upper = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(at)), lower, last);
  return {lower, upper, lower == upper ? 0.0f : static_cast<float>(at - static_cast<double>(lower))};
}

Tap* TakeTaps(Scratch& scratch, const ResizeF32Call& call, int64_t in_size, int64_t out_size) {
  Tap* taps = scratch.Take<Tap>(static_cast<size_t>(out_size));
  for (int64_t i = 0; taps != nullptr && i < out_size; i++) taps[i] = TapOf(call, i, in_size, out_size);
  return taps;
}

int64_t LinesPerTask(int64_t line) { return std::max<int64_t>(kGrain / std::max<int64_t>(line, 1), 1); }

// One line of y from two lines of x.
void MixLine(const ResizeF32Call& call, const Tap* columns, const float* upper, const float* lower, float weight, float* y) {
  const int64_t channels = call.channels;
  for (int64_t j = 0; j < call.out_width; j++, y += channels) {
    const int64_t left = columns[j].lower * channels, right = columns[j].upper * channels;
    const float across = columns[j].weight;
    for (int64_t c = 0; c < channels; c++) {
      const float top = upper[left + c] + (upper[right + c] - upper[left + c]) * across;
      const float bottom = lower[left + c] + (lower[right + c] - lower[left + c]) * across;
      y[c] = top + (bottom - top) * weight;
    }
  }
}

void CopyLine(const ResizeF32Call& call, const Tap* columns, const float* x, float* y) {
  for (int64_t j = 0; j < call.out_width; j++, y += call.channels) {
    std::copy_n(x + columns[j].lower * call.channels, call.channels, y);
  }
}

// dx += weight * what one line of dy owes a line of x.
void AddLine(const ResizeF32Call& call, const Tap* columns, const float* dy, float weight, float* dx) {
  const int64_t channels = call.channels;
  for (int64_t j = 0; j < call.out_width; j++, dy += channels) {
    const float share = weight * columns[j].weight, rest = weight - share;
    float* left = dx + columns[j].lower * channels;
    for (int64_t c = 0; c < channels; c++) left[c] += rest * dy[c];
    if (columns[j].lower == columns[j].upper) continue;
    float* right = dx + columns[j].upper * channels;
    for (int64_t c = 0; c < channels; c++) right[c] += share * dy[c];
  }
}

// For each line of x the lines of dy that read it, in their order: entries [starts[h], starts[h + 1]).
struct Reader {
  int64_t line;
  float weight;
};

void ListReaders(const ResizeF32Call& call, const Tap* lines, int64_t* starts, Reader* readers) {
  std::fill_n(starts, call.in_height + 1, 0);
  const auto for_each = [&](auto body) {
    for (int64_t i = 0; i < call.out_height; i++) {
      body(lines[i].lower, Reader{i, 1.0f - lines[i].weight});
      if (lines[i].upper != lines[i].lower) body(lines[i].upper, Reader{i, lines[i].weight});
    }
  };
  for_each([&](int64_t line, Reader) { starts[line + 1]++; });
  for (int64_t h = 0; h < call.in_height; h++) starts[h + 1] += starts[h];
  for_each([&](int64_t line, Reader reader) { readers[starts[line]++] = reader; });
  // Every start has moved to the next one's place.
  std::copy_backward(starts, starts + call.in_height, starts + call.in_height + 1);
  starts[0] = 0;
}

}  // namespace

Status RunResizeF32(Context& context, const ResizeF32Call& call, const float* x, float* y) {
  const int64_t in_line = call.in_width * call.channels, out_line = call.out_width * call.channels;
  if (call.batch * call.out_height * out_line == 0) return Status::kOk;
  if (call.in_height * in_line == 0) return Status::kBadArgument;
  Scratch scratch(context);
  const Tap* lines = TakeTaps(scratch, call, call.in_height, call.out_height);
  const Tap* columns = TakeTaps(scratch, call, call.in_width, call.out_width);
  if (lines == nullptr || columns == nullptr) return Status::kOutOfMemory;
  context.pool().ParallelFor(call.batch * call.out_height, LinesPerTask(out_line), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const float* image = x + i / call.out_height * call.in_height * in_line;
      const Tap& line = lines[i % call.out_height];
      if (call.method == ResizeF32::kNearest) {
        CopyLine(call, columns, image + line.lower * in_line, y + i * out_line);
      } else {
        MixLine(call, columns, image + line.lower * in_line, image + line.upper * in_line, line.weight, y + i * out_line);
      }
    }
  });
  return Status::kOk;
}

Status RunResizeBackwardF32(Context& context, const ResizeF32Call& call, const float* dy, float* dx) {
  const int64_t in_line = call.in_width * call.channels, out_line = call.out_width * call.channels;
  if (call.batch * call.in_height * in_line == 0) {
    return call.batch * call.out_height * out_line == 0 ? Status::kOk : Status::kBadArgument;
  }
  Scratch scratch(context);
  const Tap* lines = TakeTaps(scratch, call, call.in_height, call.out_height);
  const Tap* columns = TakeTaps(scratch, call, call.in_width, call.out_width);
  int64_t* starts = scratch.Take<int64_t>(static_cast<size_t>(call.in_height + 1));
  Reader* readers = scratch.Take<Reader>(static_cast<size_t>(2 * call.out_height));
  if (lines == nullptr || columns == nullptr || starts == nullptr || readers == nullptr) return Status::kOutOfMemory;
  ListReaders(call, lines, starts, readers);
  context.pool().ParallelFor(call.batch * call.in_height, LinesPerTask(in_line), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const float* image = dy + i / call.in_height * call.out_height * out_line;
      float* line = dx + i * in_line;
      std::fill_n(line, in_line, 0.0f);
      for (int64_t r = starts[i % call.in_height]; r < starts[i % call.in_height + 1]; r++) {
        AddLine(call, columns, image + readers[r].line * out_line, readers[r].weight, line);
      }
    }
  });
  return Status::kOk;
}

}  // namespace qk
