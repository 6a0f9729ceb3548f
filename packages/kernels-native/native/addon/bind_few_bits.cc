#include "code_arguments.h"
#include "qk/matmul_nbits.h"

namespace qk {
namespace {

constexpr int64_t kLargestSide = int64_t{1} << 24;

// outputs, depth, bits, blockSize
NBitsWeights NextNBits(Arguments& arguments) {
  NBitsWeights w;
  w.outputs = arguments.NextInt(1, kLargestSide);
  w.depth = arguments.NextInt(1, kLargestSide);
  w.bits = arguments.NextInt(2, 8);
  w.block_size = arguments.NextInt(16, kLargestSide);
  const bool bits_fit = w.bits == 2 || w.bits == 4 || w.bits == 8;
  arguments.Require(bits_fit && (w.block_size & (w.block_size - 1)) == 0, Status::kBadArgument);
  NextProduct(arguments, w.outputs + 15, w.depth + w.block_size);
  return w;
}

void RequirePacked(Arguments& arguments, const NBitsPacking& p, Span<uint8_t> packed, Span<float> scales,
                   Span<uint8_t> zeros) {
  const int64_t parameters = p.panels * p.blocks * kGemmNBitsLanes;
  arguments.Require(packed.length >= p.panels * p.panel_bytes && scales.length >= parameters && zeros.length >= parameters);
}

// packNBits(context, outputs, depth, bits, blockSize, codes u8, scales f32, zeros u8?, packed u8, packedScales f32, packedZeros u8)
Napi::Value BindPack(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  arguments.NextContext();
  const NBitsWeights w = NextNBits(arguments);
  if (!arguments.ok()) return arguments.Run([] { return Status::kOk; });
  const NBitsPacking p = PackingOf(w);
  const Span<uint8_t> codes = arguments.NextU8();
  const Span<float> scales = arguments.NextF32();
  const uint8_t* zeros = NextOptional(arguments, &Arguments::NextU8, w.outputs * ((p.blocks * w.bits + 7) / 8));
  const Span<uint8_t> packed = arguments.NextU8();
  const Span<float> packed_scales = arguments.NextF32();
  const Span<uint8_t> packed_zeros = arguments.NextU8();
  arguments.Require(codes.length >= w.outputs * (p.blocks * w.block_size * w.bits / 8) && scales.length >= w.outputs * p.blocks);
  RequirePacked(arguments, p, packed, packed_scales, packed_zeros);
  return arguments.Run([=] {
    PackNBits(w, codes.data, scales.data, zeros, packed.data, packed_scales.data, packed_zeros.data);
    return Status::kOk;
  });
}

// matMulNBits(context, outputs, depth, bits, blockSize, packed u8, scales f32, zeros u8, rows, a f32, quantizes, bias f32?, out f32)
Napi::Value BindMatMul(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Context* context = arguments.NextContext();
  MatMulNBitsCall call{};
  call.weights = NextNBits(arguments);
  if (!arguments.ok()) return arguments.Run([] { return Status::kOk; });
  const NBitsPacking p = PackingOf(call.weights);
  const Span<uint8_t> packed = arguments.NextU8();
  const Span<float> scales = arguments.NextF32();
  const Span<uint8_t> zeros = arguments.NextU8();
  RequirePacked(arguments, p, packed, scales, zeros);
  call.rows = arguments.NextInt(0, kLargestSide);
  const Span<float> a = arguments.NextF32();
  call.quantizes = arguments.NextBool();
  call.bias = NextOptional(arguments, &Arguments::NextF32, call.weights.outputs);
  const Span<float> out = arguments.NextF32();
  arguments.Require(a.length >= NextProduct(arguments, call.rows, call.weights.depth) &&
                    out.length >= NextProduct(arguments, call.rows, call.weights.outputs));
  call.packed = packed.data;
  call.scales = scales.data;
  call.zeros = zeros.data;
  call.a = a.data;
  call.out = out.data;
  return arguments.Run([=] { return RunMatMulNBits(*context, call); });
}

}  // namespace

void RegisterFewBits(Napi::Env, Napi::Object exports) {
  Export(exports, "packNBits", BindPack);
  Export(exports, "matMulNBits", BindMatMul);
  ExportOperations(exports, VisitGemmNBits);
}

}  // namespace qk
