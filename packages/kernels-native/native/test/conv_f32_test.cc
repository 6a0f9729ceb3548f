#include "qk/conv_f32.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "float_check.h"
#include "qk/depthwise_f32.h"
#include "qk/gemm_f32.h"

namespace qk::test {
namespace {

int64_t InCount(const ConvShape& s) { return s.batch * s.in_height * s.in_width * s.in_channels; }
int64_t OutCount(const ConvShape& s) { return s.batch * s.out_height * s.out_width * s.out_channels; }

// Calls body(position in x, in y, in the filter) for every product of a convolution, or of a depthwise one.
template <class Body>
void ForProducts(const ConvShape& s, bool depthwise, Body body) {
  const int64_t multiplier = depthwise ? s.out_channels / s.in_channels : 0;
  for (int64_t p = 0; p < s.batch * s.out_height * s.out_width; p++) {
    const int64_t j = p % s.out_width, i = p / s.out_width % s.out_height, n = p / s.out_width / s.out_height;
    for (int64_t f = 0; f < s.filter_height; f++) {
      for (int64_t g = 0; g < s.filter_width; g++) {
        const int64_t h = i * s.stride_height + f * s.dilation_height - s.pad_top;
        const int64_t w = j * s.stride_width + g * s.dilation_width - s.pad_left;
        if (h < 0 || w < 0 || h >= s.in_height || w >= s.in_width) continue;
        const int64_t pixel = ((n * s.in_height + h) * s.in_width + w) * s.in_channels;
        for (int64_t o = 0; o < s.out_channels; o++) {
          const int64_t y = p * s.out_channels + o;
          if (depthwise) {
            body(pixel + o / multiplier, y, (f * s.filter_width + g) * s.out_channels + o);
            continue;
          }
          for (int64_t c = 0; c < s.in_channels; c++) {
            body(pixel + c, y, ((f * s.filter_width + g) * s.in_channels + c) * s.out_channels + o);
          }
        }
      }
    }
  }
}

bool AreNear(const Guarded<float>& got, const std::vector<ExactSum>& exact) {
  for (int64_t i = 0; i < got.size(); i++) {
    if (!IsNear(got[i], exact[static_cast<size_t>(i)], 20)) return false;
  }
  return true;
}

// A residual and a gate give the bits that adding and masking the plain gradient gives.
void CheckGate(Context& context, Random& random, const ConvShape& s, const Guarded<float>& dy, const Guarded<float>& filter,
               const Guarded<float>& plain) {
  const Guarded<float> residual(plain.size()), gate(plain.size()), dx(plain.size());
  Fill(random, residual);
  Fill(random, gate);
  gate[0] = std::numeric_limits<float>::quiet_NaN();
  for (const bool with_residual : {false, true}) {
    for (const bool with_gate : {false, true}) {
      Poison(dx);
      ConvF32BackwardInput(context, {s, dy.data(), filter.data(), with_residual ? residual.data() : nullptr,
                                     with_gate ? gate.data() : nullptr, dx.data()});
      bool same = true;
      for (int64_t i = 0; i < dx.size(); i++) {
        const float sum = with_residual ? plain[i] + residual[i] : plain[i];
        same &= dx[i] == (!with_gate || gate[i] > 0 ? sum : 0.0f);
      }
      Check(same, "residual and gate");
    }
  }
}

// Forward and both gradients against sums in double; every array ends at a guard page.
void CheckShape(Context& context, Random& random, const ConvShape& s, bool depthwise) {
  const int64_t filter_count = s.filter_height * s.filter_width * s.out_channels * (depthwise ? 1 : s.in_channels);
  const Guarded<float> x(InCount(s)), filter(filter_count), dy(OutCount(s)), bias(s.out_channels), residual(OutCount(s));
  const Guarded<float> y(OutCount(s)), dx(InCount(s)), dfilter(filter_count), dbias(s.out_channels);
  for (const Guarded<float>* values : {&x, &filter, &dy, &bias, &residual}) Fill(random, *values);
  for (const Guarded<float>* values : {&y, &dx, &dfilter, &dbias}) Poison(*values);
  std::vector<ExactSum> exact_y(static_cast<size_t>(y.size())), exact_dx(static_cast<size_t>(dx.size()));
  std::vector<ExactSum> exact_dfilter(static_cast<size_t>(dfilter.size())), exact_dbias(static_cast<size_t>(dbias.size()));
  ForProducts(s, depthwise, [&](int64_t at_x, int64_t at_y, int64_t at_filter) {
    exact_y[static_cast<size_t>(at_y)].Add(static_cast<double>(x[at_x]) * filter[at_filter]);
    exact_dx[static_cast<size_t>(at_x)].Add(static_cast<double>(dy[at_y]) * filter[at_filter]);
    exact_dfilter[static_cast<size_t>(at_filter)].Add(static_cast<double>(dy[at_y]) * x[at_x]);
  });
  for (int64_t i = 0; i < y.size(); i++) {
    ExactSum& sum = exact_y[static_cast<size_t>(i)];
    sum.Add(bias[i % s.out_channels]);
    if (!depthwise) sum.Add(residual[i]);
    sum.value = std::clamp(sum.value, -5.0, 6.0);
    exact_dbias[static_cast<size_t>(i % s.out_channels)].Add(dy[i]);
  }
  if (depthwise) {
    DepthwiseF32(context, {s, x.data(), filter.data(), bias.data(), y.data(), -5, 6});
    DepthwiseF32BackwardInput(context, s, dy.data(), filter.data(), dx.data());
    DepthwiseF32BackwardFilter(context, s, x.data(), dy.data(), dfilter.data());
  } else {
    const int64_t rows = s.filter_height * s.filter_width * s.in_channels;
    const Guarded<float> packed(PackedF32Size(context.tier(), rows, s.out_channels));
    PackF32(context, {filter.data(), s.out_channels, false}, rows, s.out_channels, packed.data());
    const float* packed_or_not = random.Integer(0, 1) == 1 ? packed.data() : nullptr;
    ConvF32(context, {s, x.data(), filter.data(), packed_or_not, bias.data(), residual.data(), y.data(), -5, 6});
    ConvF32BackwardInput(context, {s, dy.data(), filter.data(), nullptr, nullptr, dx.data()});
    CheckGate(context, random, s, dy, filter, dx);
    ConvF32BackwardFilter(context, s, x.data(), dy.data(), dfilter.data(), dbias.data());
    Check(AreNear(dbias, exact_dbias), "dbias");
  }
  Check(AreNear(y, exact_y), depthwise ? "depthwise y" : "y");
  Check(AreNear(dx, exact_dx), depthwise ? "depthwise dx" : "dx");
  Check(AreNear(dfilter, exact_dfilter), depthwise ? "depthwise dfilter" : "dfilter");
}

// Outputs may reach past the input on every side.
ConvShape RandomShape(Random& random) {
  ConvShape s = {};
  s.batch = random.Integer(1, 3);
  s.in_height = random.Integer(1, 11);
  s.in_width = random.Integer(1, 11);
  s.in_channels = random.Integer(0, 1) == 1 ? random.Integer(1, 4) : random.Integer(1, 37);
  s.out_channels = random.Integer(1, 41);
  s.filter_height = random.Integer(1, 4);
  s.filter_width = random.Integer(1, 4);
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

void Convolutions(Context& context) {
  Random random(4);
  for (int i = 0; i < 40; i++) CheckShape(context, random, RandomShape(random), false);
  // The shapes of ResNet-20's layers, small; pointwise; strips of a tall image.
  CheckShape(context, random, {2, 8, 8, 3, 8, 8, 16, 3, 3, 1, 1, 1, 1, 1, 1}, false);
  CheckShape(context, random, {2, 8, 8, 16, 8, 8, 16, 3, 3, 1, 1, 1, 1, 1, 1}, false);
  CheckShape(context, random, {2, 8, 8, 16, 4, 4, 32, 3, 3, 2, 2, 1, 1, 0, 0}, false);
  CheckShape(context, random, {2, 8, 8, 16, 4, 4, 32, 1, 1, 2, 2, 1, 1, 0, 0}, false);
  CheckShape(context, random, {3, 5, 7, 33, 5, 7, 35, 1, 1, 1, 1, 1, 1, 0, 0}, false);
  CheckShape(context, random, {1, 300, 40, 5, 300, 40, 6, 3, 3, 1, 1, 1, 1, 1, 1}, false);
}

void DepthwiseConvolutions(Context& context) {
  Random random(5);
  for (int i = 0; i < 40; i++) {
    ConvShape s = RandomShape(random);
    s.out_channels = s.in_channels * (random.Integer(0, 2) == 0 ? random.Integer(2, 3) : 1);
    CheckShape(context, random, s, true);
  }
  CheckShape(context, random, {2, 20, 20, 32, 20, 20, 32, 3, 3, 1, 1, 1, 1, 1, 1}, true);
  CheckShape(context, random, {1, 200, 50, 5, 100, 25, 5, 3, 3, 2, 2, 1, 1, 0, 0}, true);
}

// The bound for the worst signs says little about transforms whose terms cancel; with random signs the error is about 10 units
// in the last place of the typical result.
struct Deviation {
  double errors = 0, values = 0;
  void Add(double value, double exact) {
    errors += (value - exact) * (value - exact);
    values += exact * exact;
  }
  bool IsSmall() const { return std::sqrt(errors) <= 0x1p-19 * std::sqrt(values); }
};

// Shapes large enough for Winograd's transforms, whose error is bounded by the largest input instead of each product.
void Winograd(Context& context) {
  Random random(15);
  const ConvShape shapes[] = {
      {3, 16, 16, 32, 16, 16, 32, 3, 3, 1, 1, 1, 1, 1, 1}, {2, 17, 15, 24, 17, 15, 40, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 23, 31, 33, 21, 29, 67, 3, 3, 1, 1, 1, 1, 0, 0}, {40, 3, 2, 30, 4, 5, 31, 3, 3, 1, 1, 1, 1, 2, 2},
      {19, 8, 8, 8, 8, 8, 9, 3, 3, 1, 1, 1, 1, 1, 1},      {50, 7, 7, 16, 7, 7, 16, 3, 3, 1, 1, 1, 1, 1, 1},
      {3, 13, 38, 19, 11, 40, 8, 3, 3, 1, 1, 1, 1, 0, 2},  {1, 40, 9, 64, 40, 12, 24, 3, 3, 1, 1, 1, 1, 0, 3}};
  for (const ConvShape& s : shapes) {
    const Guarded<float> x(InCount(s)), filter(9 * s.in_channels * s.out_channels), y(OutCount(s)), residual(OutCount(s));
    const Guarded<float> bias(s.out_channels), dx(InCount(s)), dfilter(filter.size()), dbias(s.out_channels);
    for (const Guarded<float>* values : {&x, &filter, &residual, &bias}) Fill(random, *values);
    std::vector<double> exact(static_cast<size_t>(y.size())), exact_dx(static_cast<size_t>(dx.size()));
    std::vector<double> exact_dfilter(static_cast<size_t>(filter.size()));
    std::vector<ExactSum> exact_dbias(static_cast<size_t>(s.out_channels));
    ForProducts(s, false, [&](int64_t at_x, int64_t at_y, int64_t at_filter) {
      exact[static_cast<size_t>(at_y)] += static_cast<double>(x[at_x]) * filter[at_filter];
      exact_dx[static_cast<size_t>(at_x)] += static_cast<double>(residual[at_y]) * filter[at_filter];
      exact_dfilter[static_cast<size_t>(at_filter)] += static_cast<double>(residual[at_y]) * x[at_x];
    });
    ConvF32(context, {s, x.data(), filter.data(), nullptr, bias.data(), residual.data(), y.data(), -kInfinity, 30});
    ConvF32BackwardInput(context, {s, residual.data(), filter.data(), nullptr, nullptr, dx.data()});
    CheckGate(context, random, s, residual, filter, dx);
    ConvF32BackwardFilter(context, s, x.data(), residual.data(), dfilter.data(), dbias.data());
    // The bound stated in winograd_f32.h, and the same for the gradient, whose channels are summed the other way.
    double most_x = 0, most_dy = 0;
    for (int64_t i = 0; i < x.size(); i++) most_x = std::max(most_x, std::fabs(static_cast<double>(x[i])));
    for (int64_t i = 0; i < residual.size(); i++) most_dy = std::max(most_dy, std::fabs(static_cast<double>(residual[i])));
    std::vector<double> out_sums(static_cast<size_t>(s.out_channels)), in_sums(static_cast<size_t>(s.in_channels));
    std::vector<double> dy_sums(static_cast<size_t>(s.out_channels));
    for (int64_t i = 0; i < residual.size(); i++) {
      dy_sums[static_cast<size_t>(i % s.out_channels)] += std::fabs(static_cast<double>(residual[i]));
      exact_dbias[static_cast<size_t>(i % s.out_channels)].Add(residual[i]);
    }
    for (int64_t i = 0; i < filter.size(); i++) {
      const double magnitude = std::fabs(static_cast<double>(filter[i]));
      out_sums[static_cast<size_t>(i % s.out_channels)] += magnitude;
      in_sums[static_cast<size_t>(i / s.out_channels % s.in_channels)] += magnitude;
    }
    bool near = true, near_dx = true, near_dfilter = true;
    Deviation deviation, deviation_dx, deviation_dfilter;
    for (int64_t i = 0; i < y.size(); i++) {
      const int64_t o = i % s.out_channels;
      const double sum = std::min(exact[static_cast<size_t>(i)] + bias[o] + residual[i], 30.0);
      const double bound = static_cast<double>(s.in_channels + 40) * 0x1p-16 * most_x * out_sums[static_cast<size_t>(o)];
      near &= std::fabs(y[i] - sum) <= bound;
      deviation.Add(y[i], sum);
    }
    for (int64_t i = 0; i < dx.size(); i++) {
      const double sum = in_sums[static_cast<size_t>(i % s.in_channels)];
      const double bound = static_cast<double>(s.out_channels + 40) * 0x1p-16 * most_dy * sum;
      near_dx &= std::fabs(dx[i] - exact_dx[static_cast<size_t>(i)]) <= bound;
      deviation_dx.Add(dx[i], exact_dx[static_cast<size_t>(i)]);
    }
    const double tiles = static_cast<double>(s.batch * ((s.out_height + 3) / 4) * ((s.out_width + 3) / 4));
    for (int64_t i = 0; i < dfilter.size(); i++) {
      const double error = std::fabs(dfilter[i] - exact_dfilter[static_cast<size_t>(i)]);
      near_dfilter &= error <= (tiles + 60) * 0x1p-16 * most_x * dy_sums[static_cast<size_t>(i % s.out_channels)];
      deviation_dfilter.Add(dfilter[i], exact_dfilter[static_cast<size_t>(i)]);
    }
    Check(near, "winograd y");
    Check(near_dx, "winograd dx");
    Check(near_dfilter, "winograd dfilter");
    Check(AreNear(dbias, exact_dbias), "winograd dbias");
    Check(deviation.IsSmall(), "winograd y, mean square");
    Check(deviation_dx.IsSmall(), "winograd dx, mean square");
    Check(deviation_dfilter.IsSmall(), "winograd dfilter, mean square");
  }
}

// The same bits for any number of threads.
void Threads(Context& context) {
  Random random(6);
  Context alone(context.tier(), 1);
  // Direct, and through Winograd's transforms.
  for (const ConvShape& s :
       {ConvShape{21, 9, 9, 7, 9, 9, 12, 3, 3, 1, 1, 1, 1, 1, 1}, ConvShape{41, 9, 9, 8, 9, 9, 12, 3, 3, 1, 1, 1, 1, 1, 1}}) {
    std::vector<float> x(static_cast<size_t>(InCount(s))), dy(static_cast<size_t>(OutCount(s)));
    for (float& v : x) v = random.Normal();
    for (float& v : dy) v = random.Normal();
    std::vector<float> one(static_cast<size_t>(9 * s.in_channels * s.out_channels)), many(one);
    ConvF32BackwardFilter(alone, s, x.data(), dy.data(), one.data(), nullptr);
    ConvF32BackwardFilter(context, s, x.data(), dy.data(), many.data(), nullptr);
    Check(one == many, "filter gradient depends on threads");
    std::vector<float> y_one(dy.size()), y_many(dy.size());
    ConvF32(alone, {s, x.data(), one.data(), nullptr, nullptr, nullptr, y_one.data(), -kInfinity, kInfinity});
    ConvF32(context, {s, x.data(), one.data(), nullptr, nullptr, nullptr, y_many.data(), -kInfinity, kInfinity});
    Check(y_one == y_many, "convolution depends on threads");
  }
}

const Registration convolutions("conv_f32 shapes", Convolutions);
const Registration depthwise_convolutions("depthwise_f32 shapes", DepthwiseConvolutions);
const Registration winograd("winograd_f32 shapes", Winograd);
const Registration threads("conv_f32 threads", Threads);

}  // namespace
}  // namespace qk::test
