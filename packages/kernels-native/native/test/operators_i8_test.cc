#include "qk/operators_i8.h"

#include <cstring>
#include <vector>

#include "check.h"
#include "qk/lookup_i8.h"
#include "qk/pool_i8.h"

namespace qk::test {
namespace {

void FillBytes(Random& random, const Guarded<uint8_t>& bytes) {
  for (int64_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<uint8_t>(random.Integer(0, 255));
}

bool Same(const Guarded<uint8_t>& a, const Guarded<uint8_t>& b) {
  return std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size())) == 0;
}

void Elementwise(Context& context) {
  const ElementwiseI8Table& table = ElementwiseI8Tables(context.tier());
  Random random(7);
  for (int64_t count = 0; count <= 150; count++) {
    const Guarded<uint8_t> a(count), b(count), out(count), expected(count);
    FillBytes(random, a);
    FillBytes(random, b);
    const auto flip = [&] { return static_cast<uint8_t>(random.Integer(0, 1) * 0x80); };
    const auto code = [&] { return static_cast<int32_t>(random.Integer(0, 255)); };
    ElementwiseI8 call = {a.data(), b.data(), out.data(), count,  flip(), flip(), flip(),
                          code(),   code(),   0.013f,     0.027f, code(), 3,      250};
    ElementwiseI8 reference = call;
    reference.out = expected.data();
    table.add.run(call);
    qk_elementwise_i8_add__scalar(reference);
    Check(Same(out, expected), "add");
    table.mul.run(call);
    qk_elementwise_i8_mul__scalar(reference);
    Check(Same(out, expected), "mul");
  }
}

void Lookup(Context& context) {
  Random random(8);
  const Guarded<uint8_t> table(256);
  FillBytes(random, table);
  for (int64_t count = 0; count <= 200; count++) {
    const Guarded<uint8_t> codes(count), out(count), expected(count);
    FillBytes(random, codes);
    LookupI8Tables(context.tier()).run.run(codes.data(), count, table.data(), out.data());
    qk_lookup_i8__scalar(codes.data(), count, table.data(), expected.data());
    Check(Same(out, expected), "lookup");
  }
}

void Pool(Context& context) {
  const PoolI8Table& table = PoolI8Tables(context.tier());
  Random random(9);
  for (int64_t channels = 1; channels <= 150; channels++) {
    const int64_t tap_count = random.Integer(1, 9);
    const Guarded<uint8_t> image(tap_count * channels), out(channels), expected(channels);
    FillBytes(random, image);
    std::vector<const uint8_t*> taps;
    for (int64_t t = 0; t < tap_count; t++) taps.push_back(image.data() + t * channels);
    const uint8_t flip = static_cast<uint8_t>(random.Integer(0, 1) * 0x80);
    const float divisor = static_cast<float>(tap_count + random.Integer(0, 2));
    PoolI8Pixel pixel = {taps.data(), tap_count, channels, flip, 0, out.data(), 120, 1.3f, divisor, 100, 2, 251};
    PoolI8Pixel reference = pixel;
    reference.out = expected.data();
    table.average.run(pixel);
    qk_pool_i8_average__scalar(reference);
    Check(Same(out, expected), "average");
    table.max.run(pixel);
    qk_pool_i8_max__scalar(reference);
    Check(Same(out, expected), "max");
  }
}

const Registration elementwise("elementwise_i8", Elementwise);
const Registration lookup("lookup_i8", Lookup);
const Registration pool("pool_i8", Pool);

}  // namespace
}  // namespace qk::test
