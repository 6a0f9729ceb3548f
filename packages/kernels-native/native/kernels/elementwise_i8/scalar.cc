// elementwise_i8__scalar: the definition of elementwise_i8.h.
#include <cmath>

#include "qk/elementwise_i8.h"

namespace {

uint8_t Code(const qk::ElementwiseI8& p, float real) {
  const float low = static_cast<float>(p.qmin - p.zero_point);
  const float high = static_cast<float>(p.qmax - p.zero_point);
  const float clamped = real > low ? (real < high ? real : high) : low;
  return static_cast<uint8_t>((static_cast<int32_t>(std::nearbyintf(clamped)) + p.zero_point) ^ p.flip_out);
}

}  // namespace

extern "C" void qk_elementwise_i8_add__scalar(const qk::ElementwiseI8& p) {
  for (int64_t i = 0; i < p.count; i++) {
    const float left = p.ratio_a * static_cast<float>((p.a[i] ^ p.flip_a) - p.zero_a);
    const float right = p.ratio_b * static_cast<float>((p.b[i] ^ p.flip_b) - p.zero_b);
    p.out[i] = Code(p, left + right);
  }
}

extern "C" void qk_elementwise_i8_mul__scalar(const qk::ElementwiseI8& p) {
  for (int64_t i = 0; i < p.count; i++) {
    const int32_t product = ((p.a[i] ^ p.flip_a) - p.zero_a) * ((p.b[i] ^ p.flip_b) - p.zero_b);
    p.out[i] = Code(p, static_cast<float>(product) * p.ratio_a);
  }
}
