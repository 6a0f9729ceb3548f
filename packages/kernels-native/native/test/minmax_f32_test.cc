#include "qk/minmax_f32.h"

#include <cmath>
#include <vector>

#include "check.h"
#include "qk/statistics_driver.h"

namespace qk::test {
namespace {

const float kBad[] = {NAN, INFINITY, -INFINITY};

// Every length around the vector widths, buffers that end at a guard page, not-finite values anywhere.
void Lengths(Context& context) {
  const MinMaxF32Table& table = MinMaxF32Tables(context.tier());
  Random random(1);
  for (int64_t n = 0; n <= 140; n++) {
    const Guarded<float> x(n);
    for (int64_t i = 0; i < n; i++) x[i] = random.Integer(0, 9) == 0 ? kBad[random.Integer(0, 2)] : random.Normal();
    float min, max, expected_min, expected_max;
    const int64_t bad = table.run.run(x.data(), n, &min, &max);
    const int64_t expected = qk_minmax_f32_run__scalar(x.data(), n, &expected_min, &expected_max);
    Check(bad == expected && min == expected_min && max == expected_max, "run");
  }
}

void Columns(Context& context) {
  const MinMaxF32Table& table = MinMaxF32Tables(context.tier());
  Random random(2);
  for (int64_t columns = 1; columns <= 50; columns++) {
    const int64_t rows = random.Integer(1, 5);
    const Guarded<float> x(rows * columns), min(columns), max(columns);
    std::vector<float> expected_min(static_cast<size_t>(columns), INFINITY), expected_max(expected_min);
    for (int64_t i = 0; i < rows * columns; i++)
      x[i] = random.Integer(0, 9) == 0 ? kBad[random.Integer(0, 2)] : random.Normal();
    for (int64_t c = 0; c < columns; c++) {
      min[c] = INFINITY;
      max[c] = expected_max[static_cast<size_t>(c)] = -INFINITY;
    }
    const int64_t bad = table.columns.run(x.data(), rows, columns, min.data(), max.data());
    const int64_t expected = qk_minmax_f32_columns__scalar(x.data(), rows, columns, expected_min.data(), expected_max.data());
    Check(bad == expected, "columns: count");
    for (int64_t c = 0; c < columns; c++) {
      Check(min[c] == expected_min[static_cast<size_t>(c)] && max[c] == expected_max[static_cast<size_t>(c)], "columns");
    }
  }
}

// More values than one range of the thread pool.
void Driver(Context& context) {
  const int64_t n = 300'001;
  std::vector<float> x(n);
  Random random(3);
  for (float& v : x) v = random.Normal();
  x[n - 1] = -100;
  x[n / 2] = 100;
  x[7] = NAN;
  float min, max;
  int64_t bad;
  const Status status = MinMax(context, {Granularity::kTensor, n, 1, 1, 1}, x.data(), &min, &max, &bad);
  Check(status == Status::kOk && min == -100 && max == 100 && bad == 1, "driver");
}

const Registration lengths("minmax_f32 lengths", Lengths);
const Registration columns("minmax_f32 columns", Columns);
const Registration driver("minmax_f32 driver", Driver);

}  // namespace
}  // namespace qk::test
