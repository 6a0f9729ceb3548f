#ifndef QK_TEST_FLOAT_CHECK_H_
#define QK_TEST_FLOAT_CHECK_H_

#include <cmath>
#include <vector>

#include "check.h"

namespace qk::test {

inline constexpr float kInfinity = __builtin_inff();

// A sum computed in double, with what bounds the error of the same sum in float.
struct ExactSum {
  double value = 0;
  double magnitude = 0;  // sum of absolute terms
  int64_t terms = 0;

  void Add(double term) {
    value += term;
    magnitude += std::fabs(term);
    terms++;
  }
};

// Whether `got` is within the first-order bound of a float sum of products in any order: (terms + extra) * 2^-24 * magnitude.
// One more unit in the second order, and the smallest subnormal for sums that vanish.
inline bool IsNear(float got, const ExactSum& exact, int64_t extra = 4) {
  const double bound = static_cast<double>(exact.terms + extra) * 0x1p-24 * 1.01 * exact.magnitude + 0x1p-149;
  return std::fabs(static_cast<double>(got) - exact.value) <= bound;
}

// Whether `got` is within `ulps` units in the last place of the float nearest to `exact` (equal infinities and NaNs are near).
inline bool IsWithinUlps(float got, double exact, double ulps) {
  if (std::isnan(exact)) return std::isnan(got);
  const float nearest = static_cast<float>(exact);
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest;
  const float magnitude = std::fabs(nearest);
  const float unit = magnitude < 0x1p-126f ? 0x1p-149f : std::nextafter(magnitude, kInfinity) - magnitude;
  return std::fabs(static_cast<double>(got) - exact) <= ulps * static_cast<double>(unit);
}

inline void Fill(Random& random, const Guarded<float>& values) {
  for (int64_t i = 0; i < values.size(); i++) values[i] = random.Normal();
}

// Marks outputs, so that elements nobody wrote are seen.
inline void Poison(const Guarded<float>& values) {
  for (int64_t i = 0; i < values.size(); i++) values[i] = 12345.0f;
}

}  // namespace qk::test

#endif  // QK_TEST_FLOAT_CHECK_H_
