#include "qk/convert_driver.h"

#include "grid_blocks.h"
#include "qk/convert_f32.h"

namespace qk {
namespace {

const ConvertF32Codes<int8_t>& Codes(const ConvertF32Table& table, int8_t) { return table.i8; }
const ConvertF32Codes<uint8_t>& Codes(const ConvertF32Table& table, uint8_t) { return table.u8; }
const ConvertF32Codes<int16_t>& Codes(const ConvertF32Table& table, int16_t) { return table.i16; }
const ConvertF32Codes<uint16_t>& Codes(const ConvertF32Table& table, uint16_t) { return table.u16; }

template <class Run, class From, class To>
Status RunBlocks(Context& context, const GridParams& grid, Run run, const From* from, To* to) {
  return ForEachBlock<float>(context, grid, 0, nullptr, 1,
                             [=](const Block& block, const QkSums&) { run(block.grid, from + block.first, to + block.first); });
}

constexpr int64_t kInt32Max = INT32_MAX, kInt32Min = INT32_MIN;

int64_t SaturateInt32(int64_t value) { return std::clamp(value, kInt32Min, kInt32Max); }

// floor((a·b + 2^30) / 2^31) with a·b below 2^62: ties toward +infinity. b >= 0, so nothing saturates.
int64_t HighProduct(int64_t a, int64_t b) { return (a * b + (int64_t{1} << 30)) >> 31; }

// round(x / 2^exponent), ties away from zero.
int64_t RoundingShift(int64_t x, int exponent) {
  const int64_t mask = (int64_t{1} << exponent) - 1;
  return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0 ? 1 : 0) ? 1 : 0);
}

int64_t MultiplyTwice(int32_t acc, int64_t multiplier, int exponent) {
  const int64_t shifted = SaturateInt32(int64_t{acc} * (int64_t{1} << std::max(exponent, 0)));
  return RoundingShift(HighProduct(shifted, multiplier), std::max(-exponent, 0));
}

int64_t MultiplyOnce(int32_t acc, int64_t multiplier, int exponent) {
  // |acc·multiplier| <= 2^62. A shift of 62 or more leaves nothing but the rounding: (product + 2^61) >> 62.
  return SaturateInt32((acc * multiplier + (int64_t{1} << (30 - exponent))) >> (31 - exponent));
}

}  // namespace

template <class T>
Status Quantize(Context& context, const GridParams& grid, const float* x, T* q) {
  return RunBlocks(context, grid, Codes(ConvertF32Tables(context.tier()), T()).quantize.run, x, q);
}

template <class T>
Status Dequantize(Context& context, const GridParams& grid, const T* q, float* x) {
  return RunBlocks(context, grid, Codes(ConvertF32Tables(context.tier()), T()).dequantize.run, q, x);
}

template <class T>
Status Requantize(Context& context, const GridParams& grid, const int32_t* acc, T* q) {
  return RunBlocks(context, grid, Codes(ConvertF32Tables(context.tier()), T()).requantize.run, acc, q);
}

template <class T>
Status RequantizeFixedPoint(Context& context, const FixedPointParams& params, const int32_t* acc, T* q) {
  const Layout& layout = params.layout;
  const int64_t inner = std::max<int64_t>(layout.inner, 1);
  context.pool().ParallelFor(layout.count(), kGridGrain, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t p = layout.granularity == Granularity::kTensor ? 0 : i / inner % layout.length;
      const auto multiply = params.rounds_twice ? MultiplyTwice : MultiplyOnce;
      const int64_t code = multiply(acc[i], params.multiplier[p], params.exponent[p]) + params.zero_point;
      q[i] = static_cast<T>(std::clamp<int64_t>(code, params.qmin, params.qmax));
    }
  });
  return Status::kOk;
}

template Status Quantize(Context&, const GridParams&, const float*, int8_t*);
template Status Quantize(Context&, const GridParams&, const float*, uint8_t*);
template Status Quantize(Context&, const GridParams&, const float*, int16_t*);
template Status Quantize(Context&, const GridParams&, const float*, uint16_t*);
template Status Dequantize(Context&, const GridParams&, const int8_t*, float*);
template Status Dequantize(Context&, const GridParams&, const uint8_t*, float*);
template Status Dequantize(Context&, const GridParams&, const int16_t*, float*);
template Status Dequantize(Context&, const GridParams&, const uint16_t*, float*);
template Status Requantize(Context&, const GridParams&, const int32_t*, int8_t*);
template Status Requantize(Context&, const GridParams&, const int32_t*, uint8_t*);
template Status Requantize(Context&, const GridParams&, const int32_t*, int16_t*);
template Status Requantize(Context&, const GridParams&, const int32_t*, uint16_t*);
template Status RequantizeFixedPoint(Context&, const FixedPointParams&, const int32_t*, int8_t*);
template Status RequantizeFixedPoint(Context&, const FixedPointParams&, const int32_t*, uint8_t*);
template Status RequantizeFixedPoint(Context&, const FixedPointParams&, const int32_t*, int16_t*);
template Status RequantizeFixedPoint(Context&, const FixedPointParams&, const int32_t*, uint16_t*);

}  // namespace qk
