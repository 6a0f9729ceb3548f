#include "qk/gemm_nbits.h"

#include <cstring>

#include "check.h"
#include "qk/matmul_nbits.h"

namespace qk::test {
namespace {

// Random products against the scalar kernels, bit for bit; operands end at a guard page.
void Products(Context& context) {
  Context scalar(Tier::kScalar, 1);
  Random random(4);
  for (int i = 0; i < 60; i++) {
    const int64_t bits = int64_t{1} << random.Integer(1, 3);
    const NBitsWeights weights = {random.Integer(1, 40), random.Integer(1, 200), bits, int64_t{16} << random.Integer(0, 3)};
    const NBitsPacking p = PackingOf(weights);
    const Guarded<uint8_t> codes(weights.outputs * p.blocks * weights.block_size * bits / 8);
    for (int64_t k = 0; k < codes.size(); k++) codes[k] = static_cast<uint8_t>(random.Integer(0, 255));
    const Guarded<float> scales(weights.outputs * p.blocks);
    for (int64_t k = 0; k < scales.size(); k++) scales[k] = random.Normal();
    const Guarded<uint8_t> zeros(weights.outputs * ((p.blocks * bits + 7) / 8));
    for (int64_t k = 0; k < zeros.size(); k++) zeros[k] = static_cast<uint8_t>(random.Integer(0, 255));
    const Guarded<uint8_t> packed(p.panels * p.panel_bytes), packed_zeros(p.panels * p.blocks * 16);
    const Guarded<float> packed_scales(p.panels * p.blocks * 16);
    PackNBits(weights, codes.data(), scales.data(), random.Integer(0, 1) == 0 ? nullptr : zeros.data(), packed.data(),
              packed_scales.data(), packed_zeros.data());
    const int64_t rows = random.Integer(1, 20);
    const Guarded<float> a(rows * weights.depth), bias(weights.outputs);
    for (int64_t k = 0; k < a.size(); k++) a[k] = random.Integer(0, 20) == 0 ? 0.0f : random.Normal();
    for (int64_t k = 0; k < bias.size(); k++) bias[k] = random.Normal();
    const Guarded<float> out(rows * weights.outputs), expected(rows * weights.outputs);
    for (const bool quantizes : {true, false}) {
      MatMulNBitsCall call = {weights,  packed.data(), packed_scales.data(), packed_zeros.data(), rows, a.data(), quantizes,
                              nullptr, out.data()};
      if (random.Integer(0, 1) == 0) call.bias = bias.data();
      Check(RunMatMulNBits(context, call) == Status::kOk, "status");
      call.out = expected.data();
      RunMatMulNBits(scalar, call);
      Check(std::memcmp(out.data(), expected.data(), static_cast<size_t>(out.size()) * 4) == 0, "same bits as scalar");
    }
  }
}

const Registration products("gemm_nbits", Products);

}  // namespace
}  // namespace qk::test
