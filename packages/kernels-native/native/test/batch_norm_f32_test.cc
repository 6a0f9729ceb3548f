#include "qk/batch_norm_f32.h"

#include <algorithm>
#include <vector>

#include "float_check.h"

namespace qk::test {
namespace {

// Terms of a few roundings each; a mean far from zero costs what it costs in the input's own precision.
constexpr double kTolerance = 4e-5;

void CheckShape(Context& context, Random& random, int64_t rows, int64_t channels, float offset) {
  const int64_t count = rows * channels;
  const float epsilon = 1e-3f;
  const Guarded<float> x(count), dy(count), y(count), dx(count), residual(count);
  const Guarded<float> mean(channels), variance(channels), gamma(channels), beta(channels), dgamma(channels), dbeta(channels);
  for (const Guarded<float>* values : {&x, &dy, &residual, &gamma, &beta}) Fill(random, *values);
  for (int64_t i = 0; i < count; i++) x[i] += offset;
  MomentsF32(context, rows, channels, x.data(), mean.data(), variance.data());
  BatchNormF32(context, {rows, channels, epsilon, x.data(), mean.data(), variance.data(), gamma.data(), beta.data(),
                         residual.data(), 0, kInfinity, y.data()});
  BatchNormBackwardF32(context, {rows, channels, epsilon, dy.data(), x.data(), y.data(), mean.data(), variance.data(),
                                 gamma.data(), dx.data(), dgamma.data(), dbeta.data()});
  const double n = static_cast<double>(rows), scale = 1 + std::fabs(offset);
  double worst = 0;
  for (int64_t c = 0; c < channels; c++) {
    double m = 0, v = 0, sum = 0, products = 0;
    for (int64_t r = 0; r < rows; r++) m += x[r * channels + c] / n;
    for (int64_t r = 0; r < rows; r++) v += (x[r * channels + c] - m) * (x[r * channels + c] - m) / n;
    const double inverse = 1 / std::sqrt(v + static_cast<double>(epsilon));
    for (int64_t r = 0; r < rows; r++) {
      const int64_t i = r * channels + c;
      const double h = (x[i] - m) * inverse, g = y[i] > 0 ? dy[i] : 0;
      worst = std::max(worst, std::fabs(std::max(h * gamma[c] + beta[c] + residual[i], 0.0) - y[i]) / (1 + std::fabs(h)));
      sum += g;
      products += g * h;
    }
    worst = std::max({worst, std::fabs(m - mean[c]), std::fabs(v - variance[c]) / (1 + v), std::fabs(sum - dbeta[c]) / (1 + n),
                      std::fabs(products - dgamma[c]) / (1 + n)});
    for (int64_t r = 0; r < rows; r++) {
      const int64_t i = r * channels + c;
      const double h = (x[i] - m) * inverse, g = y[i] > 0 ? dy[i] : 0;
      const double exact = gamma[c] * inverse * (g - sum / n - h * products / n);
      worst = std::max(worst, std::fabs(exact - dx[i]) / (1 + std::fabs(exact) * inverse));
    }
  }
  Check(worst <= kTolerance * scale, "batch norm");
}

void Shapes(Context& context) {
  Random random(7);
  for (int64_t channels = 1; channels <= 70; channels += random.Integer(1, 4)) {
    CheckShape(context, random, random.Integer(2, 200), channels, 0);
  }
  CheckShape(context, random, 9001, 16, 0);   // several blocks
  CheckShape(context, random, 2048, 3, 100);  // a mean far from zero
  CheckShape(context, random, 5, 300, 0);
}

// All rows equal: no variance, and no NaN from its square root.
void Constant(Context& context) {
  std::vector<float> x(700 * 5, 3.25f), mean(5), variance(5);
  MomentsF32(context, 700, 5, x.data(), mean.data(), variance.data());
  for (size_t c = 0; c < 5; c++) Check(mean[c] == 3.25f && variance[c] == 0, "constant");
}

const Registration shapes("batch_norm_f32 shapes", Shapes);
const Registration constant("batch_norm_f32 constant", Constant);

}  // namespace
}  // namespace qk::test
