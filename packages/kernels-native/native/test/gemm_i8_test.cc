#include "qk/gemm_i8.h"

#include <cstring>
#include <vector>

#include "check.h"
#include "qk/conv_i8.h"

namespace qk::test {
namespace {

// One random panel call; the last byte of every operand lies before a page nobody may touch.
void OnePanel(const GemmI8Table& table, Random& random, int64_t vectors, int64_t rows, int64_t taps, int64_t depth,
              GemmI8Output output) {
  const int64_t width = 16 * vectors;
  const int64_t columns = random.Integer(width - 15, width);
  const int64_t row_bytes = taps * depth;
  const Guarded<uint8_t> a(rows * row_bytes);
  for (int64_t i = 0; i < a.size(); i++) a[i] = static_cast<uint8_t>(random.Integer(0, 255));
  const Guarded<int8_t> b(taps * ((depth + 3) / 4) * 4 * width);
  const int64_t steps = (depth + 3) / 4;
  for (int64_t i = 0; i < b.size(); i++) {
    const bool is_padding = i / 4 / width % steps * 4 + i % 4 >= depth;
    b[i] = is_padding ? int8_t{0} : static_cast<int8_t>(random.Integer(-128, 127));
  }
  const Guarded<int32_t> initial(width), b_zero(width), sums(rows), expected_sums(rows);
  const Guarded<float> multiplier(width), addend(width);
  for (int64_t j = 0; j < width; j++) {
    initial[j] = static_cast<int32_t>(random.Integer(-1'000'000, 1'000'000));
    b_zero[j] = static_cast<int32_t>(random.Integer(-128, 127));
    multiplier[j] = static_cast<float>(random.Integer(1, 100)) * 1e-5f;
    addend[j] = random.Normal();
  }
  std::vector<const uint8_t*> row_pointers(static_cast<size_t>(rows));
  for (int64_t r = 0; r < rows; r++) row_pointers[static_cast<size_t>(r)] = a.data() + r * row_bytes;
  std::vector<int64_t> offsets(static_cast<size_t>(taps));
  for (int64_t t = 0; t < taps; t++) offsets[static_cast<size_t>(t)] = t * depth;

  GemmI8Panel panel{};
  panel.rows = row_pointers.data();
  panel.row_count = rows;
  panel.tap_offsets = offsets.data();
  panel.taps = taps;
  panel.depth = depth;
  panel.flip = random.Integer(0, 1) == 0 ? 0 : 0x80808080u;
  panel.b = b.data();
  panel.vectors = vectors;
  panel.columns = columns;
  panel.initial = initial.data();
  panel.output = output;
  panel.multiplier = multiplier.data();
  panel.addend = random.Integer(0, 1) == 0 ? nullptr : addend.data();
  panel.signed_codes = random.Integer(0, 1) == 0;
  panel.zero_point = panel.signed_codes ? -7 : 131;
  panel.qmin = panel.signed_codes ? -100 : 5;
  panel.qmax = panel.signed_codes ? 127 : 240;
  panel.out_stride = columns + random.Integer(0, 3);
  if (random.Integer(0, 1) == 0) {
    const GemmI8RowSums call = {panel.rows, rows, panel.tap_offsets, taps, depth, panel.flip, sums.data()};
    table.row_sums.run(call);
    qk_gemm_i8_row_sums__scalar({call.rows, rows, call.tap_offsets, taps, depth, call.flip, expected_sums.data()});
    Check(std::memcmp(sums.data(), expected_sums.data(), static_cast<size_t>(rows) * 4) == 0, "row sums");
    panel.row_sums = sums.data();
    panel.b_zero = b_zero.data();
  }
  const int64_t element = output == GemmI8Output::kCodes ? 1 : 4;
  const int64_t bytes = ((rows - 1) * panel.out_stride + columns) * element;
  const Guarded<uint8_t> out(bytes), expected(bytes);
  std::memset(out.data(), 0xAB, static_cast<size_t>(bytes));
  std::memset(expected.data(), 0xAB, static_cast<size_t>(bytes));
  panel.out = out.data();
  table.panel.run(panel);
  panel.out = expected.data();
  qk_gemm_i8__scalar(panel);
  Check(std::memcmp(out.data(), expected.data(), static_cast<size_t>(bytes)) == 0, "same bytes, and none beyond the columns");
}

void Panels(Context& context) {
  const GemmI8Table& table = GemmI8Tables(context.tier());
  Random random(1);
  for (int64_t vectors = 1; vectors <= 4; vectors++) {
    for (int64_t rows = 1; rows <= 26; rows++) {
      const GemmI8Output output = static_cast<GemmI8Output>(random.Integer(0, 2));
      OnePanel(table, random, vectors, rows, random.Integer(1, 4), random.Integer(1, 70), output);
    }
  }
}

// Windows that end with the last byte of the image, which ends at a guard page.
void Convolution(Context& context) {
  Random random(2);
  for (int i = 0; i < 40; i++) {
    const ConvI8Weights weights = {random.Integer(1, 70), random.Integer(1, 3), random.Integer(1, 3), random.Integer(1, 9), 1,
                                   random.Integer(0, 1) == 1};
    const ConvI8Packing packing = PackingOf(weights);
    const int64_t taps = weights.kernel_height * weights.kernel_width;
    const Guarded<uint8_t> source(weights.outputs * taps * weights.channels);
    for (int64_t k = 0; k < source.size(); k++) source[k] = static_cast<uint8_t>(random.Integer(0, 255));
    const Guarded<int8_t> packed(packing.bytes);
    const Guarded<int32_t> sums(packing.columns);
    PackConvI8(weights, source.data(), 0, packed.data(), sums.data());
    ConvI8Call call{};
    call.weights = weights;
    call.packed = packed.data();
    call.sums = sums.data();
    call.batch = random.Integer(1, 2);
    call.height = weights.kernel_height + random.Integer(0, 6);
    call.width = weights.kernel_width + random.Integer(0, 6);
    call.stride_y = call.stride_x = call.dilation_y = call.dilation_x = 1;
    call.pad_top = random.Integer(0, weights.kernel_height - 1);
    call.pad_left = random.Integer(0, weights.kernel_width - 1);
    call.out_height = call.height + call.pad_top - weights.kernel_height + 1;
    call.out_width = call.width + call.pad_left - weights.kernel_width + 1;
    const Guarded<uint8_t> input(call.batch * call.height * call.width * weights.channels);
    for (int64_t k = 0; k < input.size(); k++) input[k] = static_cast<uint8_t>(random.Integer(0, 255));
    call.input = input.data();
    call.input_zero = static_cast<int32_t>(random.Integer(0, 255));
    call.output = GemmI8Output::kI32;
    call.bias_room = 0;
    const Guarded<int32_t> out(call.batch * call.out_height * call.out_width * weights.outputs);
    call.out = out.data();
    Check(RunConvI8(context, call) == Status::kOk, "status");
    for (int64_t k = 0; k < out.size(); k++) {
      const int64_t o = k % weights.outputs;
      const int64_t x = k / weights.outputs % call.out_width - call.pad_left;
      const int64_t y = k / weights.outputs / call.out_width % call.out_height - call.pad_top;
      const int64_t n = k / weights.outputs / call.out_width / call.out_height;
      int32_t acc = 0;
      for (int64_t t = 0; t < taps; t++) {
        const int64_t h = y + t / weights.kernel_width;
        const int64_t w = x + t % weights.kernel_width;
        if (h < 0 || w < 0) continue;
        for (int64_t c = 0; c < weights.channels; c++) {
          const int32_t code = input[((n * call.height + h) * call.width + w) * weights.channels + c];
          acc += (code - call.input_zero) * static_cast<int8_t>(source[(o * taps + t) * weights.channels + c]);
        }
      }
      Check(out[k] == acc, "convolution by its definition");
    }
  }
}

const Registration panels("gemm_i8 panels", Panels);
const Registration convolution("conv_i8", Convolution);

}  // namespace
}  // namespace qk::test
