#include "qk/depthwise_i8.h"

#include <cstring>
#include <vector>

#include "check.h"
#include "qk/depthwise_conv_i8.h"

namespace qk::test {
namespace {

// Random layers of every kind of channel block, against the scalar kernel; operands end at a guard page.
void Layers(Context& context) {
  Context scalar(Tier::kScalar, 1);
  Random random(3);
  for (int i = 0; i < 120; i++) {
    DepthwiseConvI8Call call{};
    call.channels = random.Integer(1, 150);
    const bool is_three = random.Integer(0, 2) != 0;
    call.kernel_height = is_three ? 3 : random.Integer(1, 7);
    call.kernel_width = is_three ? 3 : random.Integer(1, 5);
    call.batch = random.Integer(1, 2);
    call.height = random.Integer(1, 9);
    call.width = random.Integer(1, 12);
    call.stride_y = random.Integer(1, 2);
    call.stride_x = random.Integer(1, 3);
    call.dilation_y = is_three ? 1 : random.Integer(1, 2);
    call.dilation_x = is_three ? 1 : random.Integer(1, 2);
    call.pad_top = random.Integer(0, call.kernel_height - 1);
    call.pad_left = random.Integer(0, call.kernel_width - 1);
    call.out_height = random.Integer(1, 8);
    call.out_width = random.Integer(1, 13);
    const Guarded<uint8_t> source(call.channels * call.kernel_height * call.kernel_width);
    for (int64_t k = 0; k < source.size(); k++) source[k] = static_cast<uint8_t>(random.Integer(0, 255));
    const Guarded<int8_t> packed(DepthwiseI8PackedBytes(call.channels, call.kernel_height, call.kernel_width));
    const Guarded<int32_t> sums(DepthwiseI8PackedChannels(call.channels));
    PackDepthwiseI8(call.channels, call.kernel_height, call.kernel_width, source.data(), 0, packed.data(), sums.data());
    call.packed = packed.data();
    call.sums = sums.data();
    const Guarded<uint8_t> input(call.batch * call.height * call.width * call.channels);
    for (int64_t k = 0; k < input.size(); k++) input[k] = static_cast<uint8_t>(random.Integer(0, 255));
    call.input = input.data();
    call.input_signed = random.Integer(0, 1) == 0;
    call.input_zero = static_cast<int32_t>(random.Integer(0, 255)) - (call.input_signed ? 128 : 0);
    const Guarded<int32_t> bias(call.channels);
    const Guarded<float> multiplier(call.channels);
    const bool exceeds = random.Integer(0, 5) == 0;  // products beyond int32 must saturate, too
    for (int64_t c = 0; c < call.channels; c++) {
      bias[c] = static_cast<int32_t>(random.Integer(-20000, 20000));
      multiplier[c] = static_cast<float>(random.Integer(1, 1000)) * (exceeds ? 1e4f : 1e-6f);
    }
    call.bias = bias.data();
    call.bias_room = 20000;
    call.multiplier = multiplier.data();
    call.signed_codes = random.Integer(0, 1) == 0;
    call.zero_point = static_cast<int32_t>(random.Integer(0, 255)) - (call.signed_codes ? 128 : 0);
    call.qmin = call.signed_codes ? -120 : 8;
    call.qmax = call.signed_codes ? 119 : 247;
    const int64_t count = call.batch * call.out_height * call.out_width * call.channels;
    const Guarded<uint8_t> out(count), expected(count);
    call.out = out.data();
    Check(RunDepthwiseConvI8(context, call) == Status::kOk, "status");
    call.out = expected.data();
    RunDepthwiseConvI8(scalar, call);
    Check(std::memcmp(out.data(), expected.data(), static_cast<size_t>(count)) == 0, "same codes as scalar");
  }
}

const Registration layers("depthwise_i8", Layers);

}  // namespace
}  // namespace qk::test
