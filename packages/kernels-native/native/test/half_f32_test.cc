#include "qk/half_f32.h"

#include <cmath>
#include <cstring>

#include "check.h"

namespace qk::test {
namespace {

float FloatOf(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

bool IsNan(uint16_t half, uint16_t infinity) { return (half & 0x7fff) > infinity; }

// All halves there and back; every float whose lower bits decide a rounding, by exponent.
void RoundTrip(Context& context) {
  const HalfF32Table& table = HalfF32Tables(context.tier());
  const Guarded<uint16_t> halves(65536), back(65536);
  const Guarded<float> floats(65536);
  for (int i = 0; i < 65536; i++) halves[i] = static_cast<uint16_t>(i);
  table.from_f16.run(halves.data(), 65536, floats.data());
  table.to_f16.run(floats.data(), 65536, back.data());
  for (int i = 0; i < 65536; i++) Check(back[i] == halves[i] || IsNan(halves[i], 0x7c00), "float16 round trip");
  table.from_bf16.run(halves.data(), 65536, floats.data());
  table.to_bf16.run(floats.data(), 65536, back.data());
  for (int i = 0; i < 65536; i++) Check(back[i] == halves[i] || IsNan(halves[i], 0x7f80), "bfloat16 round trip");
}

void SameAsScalar(Context& context) {
  const HalfF32Table& table = HalfF32Tables(context.tier());
  const HalfF32Table& scalar = HalfF32Tables(Tier::kScalar);
  Random random(1);
  for (int64_t n = 0; n <= 40; n++) {
    const Guarded<float> x(n), y(n), expected_y(n);
    const Guarded<uint16_t> half(n), expected(n);
    for (int repeat = 0; repeat < 200; repeat++) {
      for (int64_t i = 0; i < n; i++) {
        // Any bits; half of them next to a tie of either format.
        uint32_t bits = static_cast<uint32_t>(random.Integer(0, UINT32_MAX));
        if (random.Integer(0, 1) == 0) bits = (bits & ~0x1fffu) + 0x1000u + static_cast<uint32_t>(random.Integer(-1, 1));
        if (random.Integer(0, 3) == 0) bits = (bits & ~0xffffu) + 0x8000u;
        x[i] = FloatOf(bits);
      }
      table.to_f16.run(x.data(), n, half.data());
      scalar.to_f16.run(x.data(), n, expected.data());
      for (int64_t i = 0; i < n; i++) Check(half[i] == expected[i] || std::isnan(x[i]), "to float16");
      table.from_f16.run(expected.data(), n, y.data());
      scalar.from_f16.run(expected.data(), n, expected_y.data());
      for (int64_t i = 0; i < n; i++) Check(y[i] == expected_y[i] || std::isnan(x[i]), "from float16");
      table.to_bf16.run(x.data(), n, half.data());
      scalar.to_bf16.run(x.data(), n, expected.data());
      for (int64_t i = 0; i < n; i++) Check(half[i] == expected[i], "to bfloat16");
      table.from_bf16.run(expected.data(), n, y.data());
      scalar.from_bf16.run(expected.data(), n, expected_y.data());
      for (int64_t i = 0; i < n; i++) Check(y[i] == expected_y[i] || std::isnan(x[i]), "from bfloat16");
    }
  }
}

const Registration round_trip("half_f32 round trip", RoundTrip);
const Registration same("half_f32 same as scalar", SameAsScalar);

}  // namespace
}  // namespace qk::test
