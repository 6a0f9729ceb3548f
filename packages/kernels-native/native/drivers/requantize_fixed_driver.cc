#include <algorithm>
#include <limits>

#include "qk/conv_i8.h"

namespace qk {
namespace {

constexpr int64_t kLow = std::numeric_limits<int32_t>::min();
constexpr int64_t kHigh = std::numeric_limits<int32_t>::max();

int64_t Saturate(int64_t value) { return std::min(std::max(value, kLow), kHigh); }

// RDBPOT(SRDHM(saturate(acc * 2^max(e, 0)), m), max(-e, 0)): gemmlowp and TFLite (docs/numerics.md eq. 12).
int64_t MultiplyTwice(int64_t acc, FixedMultiplier m) {
  const int64_t shifted = m.exponent > 0 ? Saturate(acc * (int64_t{1} << m.exponent)) : acc;
  const int64_t product = (shifted * m.multiplier + (int64_t{1} << 30)) >> 31;
  const int right = m.exponent < 0 ? -m.exponent : 0;
  const int64_t mask = (int64_t{1} << right) - 1;
  const int64_t threshold = (mask >> 1) + (product < 0 ? 1 : 0);
  return (product >> right) + ((product & mask) > threshold ? 1 : 0);
}

// floor((acc * m + 2^(30 - e)) / 2^(31 - e)): one rounding (docs/numerics.md eq. 13).
int64_t MultiplyOnce(int64_t acc, FixedMultiplier m) {
  const int shift = 31 - m.exponent;
  return Saturate((acc * m.multiplier + (int64_t{1} << (shift - 1))) >> shift);
}

}  // namespace

void RequantizeFixed(Context& context, const int32_t* acc, int64_t pixels, int64_t outputs, const ConvI8Call& call) {
  uint8_t* out = static_cast<uint8_t*>(call.out);
  const int64_t grain = std::max<int64_t>(1, 16384 / outputs);
  context.pool().ParallelFor(pixels, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      for (int64_t o = 0; o < outputs; o++) {
        const int64_t value = acc[i * outputs + o];
        const FixedMultiplier m = call.fixed[o];
        const int64_t scaled = call.fixed_once ? MultiplyOnce(value, m) : MultiplyTwice(value, m);
        const int64_t code = scaled + call.zero_point;
        out[i * outputs + o] =
            static_cast<uint8_t>(std::min<int64_t>(std::max<int64_t>(code, call.qmin), call.qmax));
      }
    }
  });
}

}  // namespace qk
