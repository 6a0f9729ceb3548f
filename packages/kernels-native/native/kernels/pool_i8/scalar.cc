// pool_i8__scalar: the definition of pool_i8.h.
#include <cmath>

#include "qk/pool_i8.h"

extern "C" void qk_pool_i8_average__scalar(const qk::PoolI8Pixel& p) {
  const float low = static_cast<float>(p.qmin - p.zero_point);
  const float high = static_cast<float>(p.qmax - p.zero_point);
  for (int64_t c = 0; c < p.channels; c++) {
    int32_t sum = 0;
    for (int64_t t = 0; t < p.tap_count; t++) sum += (p.taps[t][c] ^ p.flip) - p.zero;
    const float real = static_cast<float>(sum) * p.ratio / p.divisor;
    const float clamped = real > low ? (real < high ? real : high) : low;
    p.out[c] = static_cast<uint8_t>((static_cast<int32_t>(std::nearbyintf(clamped)) + p.zero_point) ^ p.flip_out);
  }
}

extern "C" void qk_pool_i8_max__scalar(const qk::PoolI8Pixel& p) {
  for (int64_t c = 0; c < p.channels; c++) {
    int32_t largest = 0;
    for (int64_t t = 0; t < p.tap_count; t++) {
      const int32_t code = p.taps[t][c] ^ p.flip;
      if (code > largest) largest = code;
    }
    p.out[c] = static_cast<uint8_t>(largest ^ p.flip_out);
  }
}
