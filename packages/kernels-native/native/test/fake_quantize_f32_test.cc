#include "qk/fake_quantize_f32.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "check.h"
#include "qk/fake_quantize_driver.h"

namespace qk::test {
namespace {

// One random block with buffers that end at a guard page.
struct Case {
  Case(Random* random, int64_t rows, int64_t columns, bool is_shared)
      : count(rows * columns),
        parameters(is_shared ? 1 : columns),
        x(count),
        dy(count),
        scale(parameters),
        zero_point(parameters),
        alpha(parameters),
        out(count),
        expected(count) {
    for (int64_t i = 0; i < count; i++) {
      // Every fifth value lies exactly on a tie or an edge.
      x[i] = random->Integer(0, 4) == 0 ? static_cast<float>(random->Integer(-20, 20)) * 0.125f : 2 * random->Normal();
      dy[i] = random->Normal();
    }
    for (int64_t p = 0; p < parameters; p++) {
      scale[p] = random->Integer(0, 2) == 0 ? 0.25f : 0.1f + 0.1f * std::fabs(random->Normal());
      zero_point[p] = static_cast<float>(random->Integer(0, 7));
      alpha[p] = 0.05f + 0.01f * static_cast<float>(random->Integer(0, 60));
    }
    grid = {rows, columns, is_shared, scale.data(), zero_point.data(), 0, 7};
  }

  void CheckSame(const char* what) const {
    for (int64_t i = 0; i < count; i++) Check(std::memcmp(&out[i], &expected[i], sizeof(float)) == 0, what);
  }

  void CheckNear(const char* what) const {
    for (int64_t i = 0; i < count; i++) Check(std::fabs(out[i] - expected[i]) <= 4e-6f * (1 + std::fabs(expected[i])), what);
  }

  int64_t count, parameters;
  Guarded<float> x, dy, scale, zero_point, alpha, out, expected;
  QkGrid grid;
};

void CheckSums(const std::vector<double>& sums, const std::vector<double>& expected, double tolerance, const char* what) {
  for (size_t i = 0; i < sums.size(); i++)
    Check(std::fabs(sums[i] - expected[i]) <= tolerance * (1 + std::fabs(expected[i])), what);
}

// Calls body for shapes around every vector width, shared and per column.
template <class Body>
void ForEachCase(uint64_t seed, Body body) {
  Random random(seed);
  for (int64_t columns = 1; columns <= 40; columns++) {
    Case shared(&random, 1, columns, true);
    body(shared);
    Case per_column(&random, random.Integer(1, 5), columns, false);
    body(per_column);
  }
}

void Forward(Context& context) {
  const auto& table = FakeQuantizeF32Tables(context.tier());
  ForEachCase(1, [&](Case& c) {
    c.x[0] = NAN;
    table.forward.run(c.grid, c.x.data(), c.out.data());
    qk_fake_quantize_f32__scalar(c.grid, c.x.data(), c.expected.data());
    c.CheckSame("forward");
  });
}

void Backward(Context& context) {
  const auto& table = FakeQuantizeF32Tables(context.tier());
  ForEachCase(2, [&](Case& c) {
    table.backward.run(c.grid, c.dy.data(), c.x.data(), c.out.data());
    qk_fake_quantize_f32_backward__scalar(c.grid, c.dy.data(), c.x.data(), c.expected.data());
    c.CheckSame("backward");
  });
}

// The products are the same floats on every tier; only the order of float64 additions differs.
void LearnedStep(Context& context) {
  const auto& table = FakeQuantizeF32Tables(context.tier());
  ForEachCase(3, [&](Case& c) {
    std::vector<double> sums(static_cast<size_t>(2 * c.parameters)), expected(sums);
    table.learned_step.run(c.grid, c.dy.data(), c.x.data(), c.out.data(), {sums.data(), c.parameters});
    qk_fake_quantize_f32_learned_step__scalar(c.grid, c.dy.data(), c.x.data(), c.expected.data(),
                                              {expected.data(), c.parameters});
    c.CheckSame("learned step: dx");
    CheckSums(sums, expected, 1e-12, "learned step: sums");
  });
}

void ClippingLevel(Context& context) {
  const auto& table = FakeQuantizeF32Tables(context.tier());
  for (const bool full : {false, true}) {
    ForEachCase(4, [&](Case& c) {
      std::vector<double> sums(static_cast<size_t>(c.parameters)), expected(sums);
      table.clipping_level.run(c.grid, full, c.dy.data(), c.x.data(), c.out.data(), {sums.data(), c.parameters});
      qk_fake_quantize_f32_clipping_level__scalar(c.grid, full, c.dy.data(), c.x.data(), c.expected.data(),
                                                  {expected.data(), c.parameters});
      c.CheckSame("clipping level: dx");
      CheckSums(sums, expected, 1e-12, "clipping level: sums");
    });
  }
}

// tanh differs by a few ulp from the C library's, and 1 - tanh² amplifies that near the ends of an interval.
void SoftStaircase(Context& context) {
  const auto& table = FakeQuantizeF32Tables(context.tier());
  ForEachCase(5, [&](Case& c) {
    std::vector<double> sums(static_cast<size_t>(3 * c.parameters)), expected(sums);
    table.soft_staircase.run(c.grid, c.alpha.data(), c.dy.data(), c.x.data(), c.out.data(), {sums.data(), c.parameters});
    qk_fake_quantize_f32_soft_staircase__scalar(c.grid, c.alpha.data(), c.dy.data(), c.x.data(), c.expected.data(),
                                                {expected.data(), c.parameters});
    c.CheckNear("soft staircase: dx");
    CheckSums(sums, expected, 1e-5, "soft staircase: sums");
  });
}

// Same bits for any number of threads, in every layout.
void Threads(Context& context) {
  Context one(context.tier(), 1);
  Random random(6);
  const Layout layouts[] = {{Granularity::kTensor, 150'001, 1, 1, 1},
                            {Granularity::kAxis, 700, 130, 1, 1},
                            {Granularity::kAxis, 5, 13, 1000, 1},
                            {Granularity::kGroup, 300, 130, 1, 32},
                            {Granularity::kGroup, 3, 130, 40, 32}};
  for (const Layout& layout : layouts) {
    const auto count = static_cast<size_t>(layout.count()), parameters = static_cast<size_t>(layout.parameters());
    std::vector<float> x(count), dy(count), dx(count), scale(parameters), zero_point(parameters, 3), results[2][2];
    for (size_t i = 0; i < count; i++) {
      x[i] = random.Normal();
      dy[i] = random.Normal();
    }
    for (float& s : scale) s = 0.2f + 0.1f * std::fabs(random.Normal());
    const GridParams grid = {layout, scale.data(), zero_point.data(), 0, 7};
    for (int run = 0; run < 2; run++) {
      for (auto& result : results[run]) result.resize(parameters);
      LearnedStepBackward(run == 0 ? one : context, grid, 0.5f, dy.data(), x.data(), dx.data(), results[run][0].data(),
                          results[run][1].data());
    }
    Check(results[0][0] == results[1][0] && results[0][1] == results[1][1], "thread count changes nothing");
  }
}

const Registration forward("fake_quantize_f32 forward", Forward);
const Registration backward("fake_quantize_f32 backward", Backward);
const Registration learned_step("fake_quantize_f32 learned step", LearnedStep);
const Registration clipping_level("fake_quantize_f32 clipping level", ClippingLevel);
const Registration soft_staircase("fake_quantize_f32 soft staircase", SoftStaircase);
const Registration threads("fake_quantize_f32 threads", Threads);

}  // namespace
}  // namespace qk::test
