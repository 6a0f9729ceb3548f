#include "qk/convert_f32.h"

#include <cmath>
#include <limits>

#include "check.h"
#include "qk/convert_driver.h"

namespace qk::test {
namespace {

template <class T>
using Scalar = ConvertF32Codes<T>;

// Random blocks of every length around the vector widths, with ties, infinities and NaN, that end at a guard page.
template <class T>
void CheckCodes(const Scalar<T>& codes, const Scalar<T>& scalar) {
  Random random(1);
  const auto low = static_cast<float>(std::numeric_limits<T>::min()), high = static_cast<float>(std::numeric_limits<T>::max());
  for (int64_t columns = 1; columns <= 70; columns++) {
    for (const bool is_shared : {true, false}) {
      const int64_t rows = is_shared ? 1 : random.Integer(1, 4), count = rows * columns;
      const int64_t parameters = is_shared ? 1 : columns;
      const Guarded<float> scale(parameters), zero_point(parameters), x(count), y(count), expected_y(count);
      const Guarded<T> q(count), expected_q(count);
      const Guarded<int32_t> acc(count);
      for (int64_t p = 0; p < parameters; p++) {
        scale[p] = random.Integer(0, 1) == 0 ? 0.5f : 0.01f + std::fabs(random.Normal());
        zero_point[p] = static_cast<float>(random.Integer(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
      }
      for (int64_t i = 0; i < count; i++) {
        x[i] = random.Integer(0, 1) == 0 ? static_cast<float>(random.Integer(-1000, 1000)) * 0.25f : high * random.Normal();
        acc[i] = static_cast<int32_t>(random.Integer(-(1 << 30), 1 << 30) >> random.Integer(0, 30));
      }
      x[0] = INFINITY;
      x[count / 2] = -INFINITY;
      x[count - 1] = NAN;
      const QkGrid grid = {rows, columns, is_shared, scale.data(), zero_point.data(), low + 1, high - 1};
      codes.quantize.run(grid, x.data(), q.data());
      scalar.quantize.run(grid, x.data(), expected_q.data());
      for (int64_t i = 0; i < count; i++) Check(q[i] == expected_q[i], "quantize");
      codes.dequantize.run(grid, expected_q.data(), y.data());
      scalar.dequantize.run(grid, expected_q.data(), expected_y.data());
      for (int64_t i = 0; i < count; i++) Check(y[i] == expected_y[i], "dequantize");
      codes.requantize.run(grid, acc.data(), q.data());
      scalar.requantize.run(grid, acc.data(), expected_q.data());
      for (int64_t i = 0; i < count; i++) Check(q[i] == expected_q[i], "requantize");
    }
  }
}

void Blocks(Context& context) {
  const ConvertF32Table& table = ConvertF32Tables(context.tier());
  const ConvertF32Table& scalar = ConvertF32Tables(Tier::kScalar);
  CheckCodes(table.i8, scalar.i8);
  CheckCodes(table.u8, scalar.u8);
  CheckCodes(table.i16, scalar.i16);
  CheckCodes(table.u16, scalar.u16);
}

// By hand: M = 2^30·2^(0 - 31) = 1/2. -3·1/2 = -1.5: SRDHM rounds ties up, so -1; 3/2 gives 2.
void FixedPoint(Context& context) {
  const int32_t multiplier = 1 << 30, exponent = 0;
  const int32_t acc[] = {-3, 3, 5, 1000, INT32_MIN, INT32_MAX};
  const int8_t expected[] = {-1, 2, 3, 127, -128, 127};
  for (const bool rounds_twice : {false, true}) {
    int8_t q[6];
    const FixedPointParams params = {{Granularity::kTensor, 6, 1, 1, 1}, rounds_twice, &multiplier, &exponent, 0, -128, 127};
    RequantizeFixedPoint(context, params, acc, q);
    for (int i = 0; i < 6; i++) Check(q[i] == expected[i], "fixed point");
  }
}

const Registration blocks("convert_f32 blocks", Blocks);
const Registration fixed_point("convert_f32 fixed point", FixedPoint);

}  // namespace
}  // namespace qk::test
