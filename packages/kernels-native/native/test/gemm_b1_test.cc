#include "qk/gemm_b1.h"

#include <cstring>

#include "check.h"
#include "qk/conv_b1.h"

namespace qk::test {
namespace {

void Signs(Context& context) {
  const GemmB1Table& table = GemmB1Tables(context.tier());
  Random random(5);
  for (int64_t count = 1; count <= 200; count++) {
    const Guarded<float> x(count);
    for (int64_t i = 0; i < count; i++) x[i] = random.Integer(0, 4) == 0 ? -0.0f : random.Normal();
    const Guarded<uint64_t> words((count + 63) / 64), expected((count + 63) / 64);
    table.pack_signs.run({x.data(), count, words.data()});
    qk_pack_signs__scalar({x.data(), count, expected.data()});
    Check(std::memcmp(words.data(), expected.data(), static_cast<size_t>(words.size()) * 8) == 0, "packed signs");
  }
}

// Random layers with every padding and output, against the scalar kernel; operands end at a guard page.
void Layers(Context& context) {
  Context scalar(Tier::kScalar, 1);
  Random random(6);
  for (int i = 0; i < 60; i++) {
    const ConvB1Weights weights = {random.Integer(1, 80), random.Integer(1, 3), random.Integer(1, 3), random.Integer(1, 140),
                                   random.Integer(0, 1) == 0};
    const ConvB1Packing p = PackingOf(weights);
    const int64_t taps = weights.kernel_height * weights.kernel_width;
    const Guarded<int8_t> source(weights.outputs * taps * weights.channels);
    for (int64_t k = 0; k < source.size(); k++) source[k] = static_cast<int8_t>(random.Integer(-1, 1));
    const Guarded<uint64_t> packed(p.total_words);
    const Guarded<int32_t> tap_sums(taps * p.columns), counts(p.columns);
    PackConvB1(weights, source.data(), packed.data(), tap_sums.data(), counts.data());
    ConvB1Call call{};
    call.weights = weights;
    call.packed = packed.data();
    call.tap_sums = tap_sums.data();
    call.counts = counts.data();
    call.batch = random.Integer(1, 2);
    call.height = random.Integer(1, 7);
    call.width = random.Integer(1, 7);
    call.stride_y = random.Integer(1, 2);
    call.stride_x = random.Integer(1, 2);
    call.dilation_y = random.Integer(1, 2);
    call.dilation_x = random.Integer(1, 2);
    call.pad_top = random.Integer(0, weights.kernel_height - 1);
    call.pad_left = random.Integer(0, weights.kernel_width - 1);
    call.out_height = random.Integer(1, 6);
    call.out_width = random.Integer(1, 6);
    call.padding = static_cast<B1Padding>(random.Integer(0, 2));
    const Guarded<float> reals(call.batch * call.height * call.width * weights.channels);
    for (int64_t k = 0; k < reals.size(); k++) reals[k] = random.Normal();
    call.reals = reals.data();
    call.output = static_cast<GemmB1Output>(random.Integer(0, 2));
    const Guarded<float> scale(weights.outputs), offset(weights.outputs);
    const Guarded<int32_t> threshold(weights.outputs);
    const Guarded<uint8_t> inverts((weights.outputs + 7) / 8);
    for (int64_t o = 0; o < weights.outputs; o++) {
      scale[o] = random.Normal();
      offset[o] = random.Normal();
      threshold[o] = static_cast<int32_t>(random.Integer(-10, 10));
      inverts[o / 8] = static_cast<uint8_t>(random.Integer(0, 255));
    }
    call.scale = scale.data();
    call.offset = random.Integer(0, 1) == 0 ? nullptr : offset.data();
    call.threshold = threshold.data();
    call.inverts = inverts.data();
    const int64_t per_pixel = call.output == GemmB1Output::kBits ? (weights.outputs + 63) / 64 * 8 : weights.outputs * 4;
    const int64_t bytes = call.batch * call.out_height * call.out_width * per_pixel;
    const Guarded<uint8_t> out(bytes), expected(bytes);
    std::memset(out.data(), 0xAB, static_cast<size_t>(bytes));
    call.out = out.data();
    Check(RunConvB1(context, call) == Status::kOk, "status");
    call.out = expected.data();
    RunConvB1(scalar, call);
    Check(std::memcmp(out.data(), expected.data(), static_cast<size_t>(bytes)) == 0, "same bytes as scalar");
  }
}

const Registration signs("pack_signs", Signs);
const Registration layers("gemm_b1", Layers);

}  // namespace
}  // namespace qk::test
