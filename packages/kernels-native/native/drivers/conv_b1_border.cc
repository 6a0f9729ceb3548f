#include "conv_b1_border.h"

#include <algorithm>
#include <cstring>

namespace qk {
namespace {

// How windows lie along one axis of the image.
struct Axis {
  int64_t outputs, stride, pad, kernel, dilation, size;

  bool IsOutside(int64_t output, int64_t tap) const {
    const int64_t at = output * stride - pad + tap * dilation;
    return at < 0 || at >= size;
  }
  // Taps before the image and behind it, as one number.
  int64_t Outside(int64_t output) const {
    int64_t before = 0;
    int64_t behind = 0;
    for (int64_t i = 0; i < kernel; i++) {
      const int64_t at = output * stride - pad + i * dilation;
      if (at < 0) before++;
      if (at >= size) behind++;
    }
    return before * (kernel + 1) + behind;
  }
};

// Gives every output the number of its way to stick out, and every way an output that shows it. Returns the number of ways.
int64_t NumberWays(const Axis& axis, int64_t* code, int64_t* way, int64_t* example) {
  int64_t ways = 0;
  for (int64_t i = 0; i < axis.outputs; i++) {
    code[i] = axis.Outside(i);
    way[i] = 0;
    while (way[i] < ways && code[example[way[i]]] != code[i]) way[i]++;
    if (way[i] == ways) example[ways++] = i;
  }
  return ways;
}

// Wraps: only packed bytes that somebody changed have sums beyond 32 bits.
int32_t WrappingSum(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b)); }

}  // namespace

ConvB1Border PrepareBorder(Scratch& scratch, const ConvB1Call& c, int64_t columns) {
  const ConvB1Weights& w = c.weights;
  const Axis along_y = {c.out_height, c.stride_y, c.pad_top, w.kernel_height, c.dilation_y, c.height};
  const Axis along_x = {c.out_width, c.stride_x, c.pad_left, w.kernel_width, c.dilation_x, c.width};
  ConvB1Border border{};
  border.columns = columns;
  border.way_y = scratch.Take<int64_t>(static_cast<size_t>(c.out_height));
  border.way_x = scratch.Take<int64_t>(static_cast<size_t>(c.out_width));
  int64_t* example_y = scratch.Take<int64_t>(static_cast<size_t>(c.out_height));
  int64_t* example_x = scratch.Take<int64_t>(static_cast<size_t>(c.out_width));
  int64_t* code = scratch.Take<int64_t>(static_cast<size_t>(std::max(c.out_height, c.out_width)));
  if (!border.way_y || !border.way_x || !example_y || !example_x || !code) return border;
  int64_t ways_y = 1;
  border.ways_x = 1;
  if (c.padding == B1Padding::kZero) {
    ways_y = NumberWays(along_y, code, border.way_y, example_y);
    border.ways_x = NumberWays(along_x, code, border.way_x, example_x);
  } else {
    std::fill_n(border.way_y, c.out_height, 0);
    std::fill_n(border.way_x, c.out_width, 0);
  }
  border.initial = scratch.Take<int32_t>(static_cast<size_t>(ways_y * border.ways_x * columns));
  for (int64_t i = 0; border.initial != nullptr && i < ways_y * border.ways_x; i++) {
    int32_t* row = border.initial + i * columns;
    std::memcpy(row, c.counts, static_cast<size_t>(columns) * sizeof(int32_t));
    if (c.padding != B1Padding::kZero) continue;
    for (int64_t t = 0; t < w.kernel_height * w.kernel_width; t++) {
      if (!along_y.IsOutside(example_y[i / border.ways_x], t / w.kernel_width) &&
          !along_x.IsOutside(example_x[i % border.ways_x], t % w.kernel_width)) {
        continue;
      }
      const int32_t* sums = c.tap_sums + t * columns;
      for (int64_t j = 0; j < columns; j++) row[j] = WrappingSum(row[j], sums[j]);
    }
  }
  return border;
}

}  // namespace qk
