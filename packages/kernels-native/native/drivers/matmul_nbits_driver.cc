#include <algorithm>
#include <cstring>

#include "qk/matmul_nbits.h"

namespace qk {
namespace {

constexpr int64_t kLanes = kGemmNBitsLanes;
constexpr int64_t kTasksPerThread = 8;

uint8_t Field(const uint8_t* bytes, int64_t index, int64_t bits) {
  const int64_t bit = index * bits;
  return static_cast<uint8_t>((bytes[bit / 8] >> (bit % 8)) & ((1 << bits) - 1));
}

}  // namespace

NBitsPacking PackingOf(const NBitsWeights& w) {
  NBitsPacking p;
  p.panels = CeilDiv(w.outputs, kLanes);
  p.blocks = CeilDiv(w.depth, w.block_size);
  p.chunk = std::min<int64_t>(w.block_size, 32);
  p.chunks = CeilDiv(w.depth, p.chunk);
  p.panel_bytes = p.chunks * p.chunk * kLanes * w.bits / 8;
  return p;
}

void PackNBits(const NBitsWeights& w, const uint8_t* codes, const float* scales, const uint8_t* zeros, uint8_t* packed,
               float* packed_scales, uint8_t* packed_zeros) {
  const NBitsPacking p = PackingOf(w);
  const int64_t row_bytes = p.blocks * w.block_size * w.bits / 8;
  const int64_t zero_bytes = CeilDiv(p.blocks * w.bits, 8);
  const int64_t per_step = 32 / w.bits;
  std::memset(packed, 0, static_cast<size_t>(p.panels * p.panel_bytes));
  for (int64_t n = 0; n < p.panels * kLanes; n++) {
    const int64_t lane = n % kLanes;
    for (int64_t b = 0; b < p.blocks; b++) {
      const int64_t at = (n / kLanes * p.blocks + b) * kLanes + lane;
      const uint8_t middle = static_cast<uint8_t>(1 << (w.bits - 1));
      packed_scales[at] = n < w.outputs ? scales[n * p.blocks + b] : 0.0f;
      packed_zeros[at] = n < w.outputs && zeros != nullptr ? Field(zeros + n * zero_bytes, b, w.bits) : middle;
    }
    if (n >= w.outputs) continue;
    uint8_t* panel = packed + n / kLanes * p.panel_bytes;
    for (int64_t k = 0; k < w.depth; k++) {
      const int64_t in_step = k % per_step;
      const int code = Field(codes + n * row_bytes, k, w.bits) << (in_step / 4 * w.bits);
      uint8_t& byte = panel[(k / per_step * kLanes + lane) * 4 + in_step % 4];
      byte = static_cast<uint8_t>(byte | code);
    }
  }
}

Status RunMatMulNBits(Context& context, const MatMulNBitsCall& call) {
  const NBitsWeights& w = call.weights;
  const NBitsPacking p = PackingOf(w);
  if (call.rows == 0) return Status::kOk;
  const GemmNBitsTable& kernels = GemmNBitsTables(context.tier());
  Scratch scratch(context);
  const int64_t padded = p.chunks * p.chunk;

  GemmNBitsPanel shared{};
  shared.bits = w.bits;
  shared.chunk = p.chunk;
  shared.chunks = p.chunks;
  shared.block_chunks = w.block_size / p.chunk;
  shared.rows = call.rows;
  shared.out_stride = w.outputs;
  if (call.quantizes) {
    int8_t* codes = scratch.Take<int8_t>(static_cast<size_t>(call.rows * padded));
    float* code_scales = scratch.Take<float>(static_cast<size_t>(call.rows * p.chunks));
    int32_t* sums = scratch.Take<int32_t>(static_cast<size_t>(call.rows * p.chunks));
    if (!codes || !code_scales || !sums) return Status::kOutOfMemory;
    context.pool().ParallelFor(call.rows, std::max<int64_t>(1, 32768 / padded), [&](int64_t begin, int64_t end, int) {
      for (int64_t m = begin; m < end; m++) {
        kernels.quantize.run({call.a + m * w.depth, w.depth, p.chunk, call.rows, codes + m * p.chunk, code_scales + m, sums + m});
      }
    });
    shared.codes = codes;
    shared.code_scales = code_scales;
    shared.code_sums = sums;
  } else if (padded == w.depth && call.rows == 1) {
    shared.reals = call.a;
  } else {
    float* reals = scratch.Take<float>(static_cast<size_t>(call.rows * padded));
    if (!reals) return Status::kOutOfMemory;
    for (int64_t m = 0; m < call.rows; m++) {
      for (int64_t c = 0; c < p.chunks; c++) {
        float* chunk = reals + (c * call.rows + m) * p.chunk;
        const int64_t count = std::min(p.chunk, w.depth - c * p.chunk);
        std::memcpy(chunk, call.a + m * w.depth + c * p.chunk, static_cast<size_t>(count) * sizeof(float));
        std::memset(chunk + count, 0, static_cast<size_t>(p.chunk - count) * sizeof(float));
      }
    }
    shared.reals = reals;
  }

  const auto kernel = call.quantizes ? kernels.codes.run : kernels.reals.run;
  const int64_t grain = std::max<int64_t>(1, p.panels / (context.pool().threads() * kTasksPerThread));
  context.pool().ParallelFor(p.panels, grain, [&](int64_t begin, int64_t end, int) {
    GemmNBitsPanel panel = shared;
    for (int64_t i = begin; i < end; i++) {
      panel.weights = call.packed + i * p.panel_bytes;
      panel.scales = call.scales + i * p.blocks * kLanes;
      panel.zeros = call.zeros + i * p.blocks * kLanes;
      panel.columns = std::min(kLanes, w.outputs - i * kLanes);
      panel.bias = call.bias == nullptr ? nullptr : call.bias + i * kLanes;
      panel.out = call.out + i * kLanes;
      kernel(panel);
    }
  });
  return Status::kOk;
}

}  // namespace qk
