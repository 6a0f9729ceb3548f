#include "qk/moments_f32.h"

#include <cmath>
#include <vector>

#include "check.h"
#include "qk/statistics_driver.h"

namespace qk::test {
namespace {

// The terms are exact; a sum of some hundred of them in another order differs by a few ulp of float64.
bool IsNear(double a, double b) { return std::fabs(a - b) <= 1e-12 * (1 + std::fabs(b)); }

void SameAsScalar(Context& context) {
  const MomentsF32Table& table = MomentsF32Tables(context.tier());
  Random random(1);
  for (int64_t columns = 1; columns <= 50; columns++) {
    for (const bool is_shared : {true, false}) {
      const int64_t rows = is_shared ? 1 : random.Integer(1, 5), parameters = is_shared ? 1 : columns;
      const Guarded<float> x(rows * columns), scale(parameters), zero_point(parameters);
      for (int64_t i = 0; i < x.size(); i++) x[i] = random.Normal();
      for (int64_t p = 0; p < parameters; p++) {
        scale[p] = 0.05f + std::fabs(random.Normal());
        zero_point[p] = static_cast<float>(random.Integer(0, 15));
      }
      std::vector<double> sums(static_cast<size_t>(3 * parameters)), expected(sums);
      table.moments.run(rows, columns, is_shared, x.data(), {sums.data(), parameters});
      qk_moments_f32__scalar(rows, columns, is_shared, x.data(), {expected.data(), parameters});
      for (size_t i = 0; i < sums.size(); i++) Check(IsNear(sums[i], expected[i]), "moments");
      const QkGrid grid = {rows, columns, is_shared, scale.data(), zero_point.data(), 0, 15};
      std::vector<double> errors(static_cast<size_t>(parameters)), expected_errors(errors);
      table.grid_error.run(grid, x.data(), {errors.data(), parameters});
      qk_moments_f32_grid_error__scalar(grid, x.data(), {expected_errors.data(), parameters});
      for (size_t i = 0; i < errors.size(); i++) Check(IsNear(errors[i], expected_errors[i]), "grid error");
    }
  }
}

// Same bits for any number of threads.
void Threads(Context& context) {
  Context one(context.tier(), 1);
  Random random(2);
  std::vector<float> x(120'000);
  for (float& v : x) v = random.Normal();
  for (const Layout& layout : {Layout{Granularity::kTensor, 120'000, 1, 1, 1}, Layout{Granularity::kAxis, 1200, 100, 1, 1},
                               Layout{Granularity::kAxis, 10, 12, 1000, 1}}) {
    const auto parameters = static_cast<size_t>(layout.parameters());
    std::vector<double> a(3 * parameters), b(a);
    Moments(one, layout, x.data(), a.data(), a.data() + parameters, a.data() + 2 * parameters);
    Moments(context, layout, x.data(), b.data(), b.data() + parameters, b.data() + 2 * parameters);
    Check(a == b, "threads");
  }
}

const Registration same("moments_f32 same as scalar", SameAsScalar);
const Registration threads("moments_f32 threads", Threads);

}  // namespace
}  // namespace qk::test
