#include "qk/histogram_f32.h"

#include <cmath>
#include <vector>

#include "check.h"
#include "qk/statistics_driver.h"

namespace qk::test {
namespace {

// Every length around the vector widths and the block; ties with edges, tiny negative values, what no bin holds.
void SameAsScalar(Context& context) {
  const auto count = HistogramF32Tables(context.tier()).count.run;
  Random random(1);
  const float special[] = {NAN,    INFINITY, -INFINITY, -0.0f,         0.0f,          -1e-45f,
                           1e-45f, 3e38f,    -3e38f,    2147483648.0f, -2147483648.0f};
  for (const int exponent : {-126, -20, -5, 0, 5, 126}) {
    for (int64_t n = 0; n <= 1500; n += n < 140 ? 1 : 137) {
      const Guarded<float> x(n);
      const float unit = std::ldexp(1.0f, exponent);
      for (int64_t i = 0; i < n; i++) {
        const int kind = static_cast<int>(random.Integer(0, 9));
        // Many zeros in every other array: some kernels count them apart.
        x[i] = n % 2 == 1 && kind > 4 ? 0
               : kind == 0            ? special[random.Integer(0, 10)]
               : kind == 1            ? static_cast<float>(random.Integer(-60, 60)) * unit
                                      : 30 * random.Normal() * unit;
      }
      for (const int32_t first : {-50, 0, -(1 << 29), (1 << 29)}) {
        for (const int64_t table_count : {1, 2, 4}) {
          std::vector<uint32_t> tables(4 * 118), expected(tables);
          const float inverse = std::ldexp(1.0f, -exponent);
          count({inverse, first, 101, tables.data(), table_count, 118}, x.data(), n);
          qk_histogram_f32__scalar({inverse, first, 101, expected.data(), table_count, 118}, x.data(), n);
          for (size_t b = 0; b <= 101; b++) {
            uint32_t sum = 0, expected_sum = 0;
            for (size_t t = 0; t < 4; t++) {
              sum += tables[b + t * 118];
              expected_sum += expected[b + t * 118];
            }
            Check(sum == expected_sum, "count");
          }
        }
      }
    }
  }
}

// Threads, tables and the direct way give one answer.
void Driver(Context& context) {
  Random random(2);
  std::vector<float> x(200'003);
  for (float& v : x) v = random.Normal();
  x[17] = NAN;
  for (const int64_t bins : {16, 512, 5000, 40'000, 150'000}) {
    const Bins wide = {-10, -static_cast<double>(bins / 2), bins};
    std::vector<double> counts(static_cast<size_t>(bins), 2), expected(counts);
    int64_t missed, expected_missed = 0;
    CountHistogram(context, wide, x.data(), static_cast<int64_t>(x.size()), counts.data(), &missed);
    for (const float v : x) {
      const double bin = std::floor(static_cast<double>(v) * 1024) + static_cast<double>(bins / 2);
      if (bin >= 0 && bin < static_cast<double>(bins)) {
        expected[static_cast<size_t>(bin)]++;
      } else {
        expected_missed++;
      }
    }
    Check(counts == expected && missed == expected_missed, "driver");
  }
}

const Registration same("histogram_f32 same as scalar", SameAsScalar);
const Registration driver("histogram_f32 driver", Driver);

}  // namespace
}  // namespace qk::test
