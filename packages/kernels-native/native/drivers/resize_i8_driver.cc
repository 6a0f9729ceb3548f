#include <algorithm>
#include <cmath>
#include <cstring>

#include "qk/operators_i8.h"

namespace qk {
namespace {

constexpr int kWeightBits = 11;
constexpr int32_t kOne = 1 << kWeightBits;

// Where one output position reads: two neighbours and the weight of the second, in 1/2048.
struct Source {
  int64_t first;
  int64_t second;
  int32_t weight;
};

double PositionOf(ResizeCoordinates coordinates, int64_t i, int64_t in, int64_t out) {
  const double index = static_cast<double>(i);
  const double from = static_cast<double>(in);
  const double to = static_cast<double>(out);
  switch (coordinates) {
    case ResizeCoordinates::kAlignCorners:
      return out == 1 ? 0 : index * (from - 1) / (to - 1);
    case ResizeCoordinates::kAsymmetric:
      return index * from / to;
    default:
      return (index + 0.5) * from / to - 0.5;
  }
}

void FillSources(const ResizeI8Call& c, Source* sources, int64_t in, int64_t out) {
  for (int64_t i = 0; i < out; i++) {
    const double position = PositionOf(c.coordinates, i, in, out);
    const double inside = std::min(std::max(position, 0.0), static_cast<double>(in - 1));
    if (!c.is_linear) {
      sources[i] = {static_cast<int64_t>(c.rounds_down ? std::floor(inside) : std::ceil(inside - 0.5)), 0, 0};
      continue;
    }
    const int64_t first = static_cast<int64_t>(inside);
    const double fraction = inside - static_cast<double>(first);
    sources[i] = {first, std::min(first + 1, in - 1), static_cast<int32_t>(std::floor(fraction * kOne + 0.5))};
  }
}

}  // namespace

Status RunResizeI8(Context& context, const ResizeI8Call& c) {
  Scratch scratch(context);
  Source* ys = scratch.Take<Source>(static_cast<size_t>(c.out_height));
  Source* xs = scratch.Take<Source>(static_cast<size_t>(c.out_width));
  if (!ys || !xs) return Status::kOutOfMemory;
  FillSources(c, ys, c.height, c.out_height);
  FillSources(c, xs, c.width, c.out_width);
  const int64_t channels = c.channels;
  const uint8_t flip = c.flip;
  const int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, c.out_width * channels));
  context.pool().ParallelFor(c.batch * c.out_height, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const uint8_t* image = c.input + i / c.out_height * c.height * c.width * channels;
      const Source y = ys[i % c.out_height];
      const uint8_t* upper = image + y.first * c.width * channels;
      const uint8_t* lower = image + y.second * c.width * channels;
      for (int64_t ox = 0; ox < c.out_width; ox++) {
        const Source x = xs[ox];
        uint8_t* out = c.out + (i * c.out_width + ox) * channels;
        if (!c.is_linear) {
          std::memcpy(out, upper + x.first * channels, static_cast<size_t>(channels));
          continue;
        }
        const uint8_t* corner[4] = {upper + x.first * channels, upper + x.second * channels, lower + x.first * channels,
                                    lower + x.second * channels};
        const int32_t weight[4] = {(kOne - y.weight) * (kOne - x.weight), (kOne - y.weight) * x.weight,
                                   y.weight * (kOne - x.weight), y.weight * x.weight};
        for (int64_t ch = 0; ch < channels; ch++) {
          int32_t sum = 1 << (2 * kWeightBits - 1);
          for (int k = 0; k < 4; k++) sum += weight[k] * (corner[k][ch] ^ flip);
          out[ch] = static_cast<uint8_t>((sum >> (2 * kWeightBits)) ^ flip);
        }
      }
    }
  });
  return Status::kOk;
}

}  // namespace qk
