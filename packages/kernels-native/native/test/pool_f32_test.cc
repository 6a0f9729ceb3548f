#include "qk/pool_f32.h"

#include <algorithm>
#include <vector>

#include "float_check.h"

namespace qk::test {
namespace {

PoolShape RandomShape(Random& random) {
  PoolShape s = {};
  s.batch = random.Integer(1, 5);
  s.in_height = random.Integer(1, 9);
  s.in_width = random.Integer(1, 9);
  s.channels = random.Integer(1, 40);
  s.window_height = random.Integer(1, 4);
  s.window_width = random.Integer(1, 4);
  s.stride_height = random.Integer(1, 3);
  s.stride_width = random.Integer(1, 3);
  s.dilation_height = random.Integer(1, 2);
  s.dilation_width = random.Integer(1, 2);
  s.pad_top = random.Integer(0, 3);
  s.pad_left = random.Integer(0, 3);
  s.out_height = random.Integer(1, s.in_height / s.stride_height + 2);
  s.out_width = random.Integer(1, s.in_width / s.stride_width + 2);
  return s;
}

// Every window cell, inside x or not, against the definition; small integers, so that sums are exact and ties occur.
void Shapes(Context& context) {
  Random random(14);
  for (int round = 0; round < 60; round++) {
    const PoolShape s = RandomShape(random);
    const PoolF32 kind = static_cast<PoolF32>(round % 3);
    const int64_t in = s.batch * s.in_height * s.in_width * s.channels;
    const int64_t pixels = s.batch * s.out_height * s.out_width;
    const Guarded<float> x(in), y(pixels * s.channels), dy(pixels * s.channels), dx(in);
    for (int64_t i = 0; i < in; i++) x[i] = static_cast<float>(random.Integer(-3, 3));
    for (int64_t i = 0; i < dy.size(); i++) dy[i] = static_cast<float>(random.Integer(-8, 8));
    Poison(y);
    Poison(dx);
    RunPoolF32(context, kind, s, x.data(), y.data());
    RunPoolBackwardF32(context, kind, s, dy.data(), x.data(), y.data(), dx.data());
    std::vector<double> exact_dx(static_cast<size_t>(in));
    double worst = 0;
    for (int64_t p = 0; p < pixels; p++) {
      const int64_t j = p % s.out_width, i = p / s.out_width % s.out_height, n = p / s.out_width / s.out_height;
      for (int64_t c = 0; c < s.channels; c++) {
        std::vector<int64_t> cells;
        for (int64_t f = 0; f < s.window_height; f++) {
          for (int64_t g = 0; g < s.window_width; g++) {
            const int64_t h = i * s.stride_height + f * s.dilation_height - s.pad_top;
            const int64_t w = j * s.stride_width + g * s.dilation_width - s.pad_left;
            if (h < 0 || w < 0 || h >= s.in_height || w >= s.in_width) continue;
            cells.push_back(((n * s.in_height + h) * s.in_width + w) * s.channels + c);
          }
        }
        const float got = y[p * s.channels + c], gradient = dy[p * s.channels + c];
        if (kind == PoolF32::kMax) {
          float max = -kInfinity;
          int64_t winner = -1;
          for (const int64_t cell : cells) {
            if (!(x[cell] > max)) continue;
            max = x[cell];
            winner = cell;
          }
          Check(got == max, "maximum");
          if (winner >= 0) exact_dx[static_cast<size_t>(winner)] += gradient;
          continue;
        }
        const double cells_counted = static_cast<double>(
            kind == PoolF32::kAverage ? cells.size() : static_cast<size_t>(s.window_height * s.window_width));
        double sum = 0;
        for (const int64_t cell : cells) {
          sum += x[cell];
          exact_dx[static_cast<size_t>(cell)] += gradient / cells_counted;
        }
        worst = std::max(worst, std::fabs(got - (cells.empty() ? 0 : sum / cells_counted)));
      }
    }
    for (int64_t i = 0; i < in; i++) worst = std::max(worst, std::fabs(dx[i] - exact_dx[static_cast<size_t>(i)]));
    Check(worst < 1e-5, "pool");
  }
}

const Registration shapes("pool_f32 shapes", Shapes);

}  // namespace
}  // namespace qk::test
