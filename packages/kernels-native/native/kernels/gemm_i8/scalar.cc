// gemm_i8__scalar: the definition of gemm_i8.h, one output at a time.
#include <cmath>

#include "qk/gemm_i8.h"

namespace {

using qk::GemmI8Output;
using qk::GemmI8Panel;

uint32_t Accumulate(const GemmI8Panel& p, int64_t row, int64_t column) {
  const int64_t width = 16 * p.vectors;
  const uint8_t flip = static_cast<uint8_t>(p.flip);
  const int64_t steps = (p.depth + 3) / 4;
  uint32_t acc = static_cast<uint32_t>(p.initial[column]);
  for (int64_t t = 0; t < p.taps; t++) {
    const uint8_t* a = p.rows[row] + p.tap_offsets[t];
    const int8_t* b = p.b + t * steps * width * 4 + column * 4;
    for (int64_t d = 0; d < p.depth; d++) {
      const int32_t product = static_cast<uint8_t>(a[d] ^ flip) * b[d / 4 * width * 4 + d % 4];
      acc += static_cast<uint32_t>(product);
    }
  }
  if (p.row_sums == nullptr) return acc;
  return acc - static_cast<uint32_t>(p.row_sums[row]) * static_cast<uint32_t>(p.b_zero[column]);
}

// Rounded half to even by the current rounding mode; NaN gives the lowest code.
int32_t Code(const GemmI8Panel& p, float real) {
  const float low = static_cast<float>(p.qmin - p.zero_point);
  const float high = static_cast<float>(p.qmax - p.zero_point);
  const float clamped = real > low ? (real < high ? real : high) : low;
  return static_cast<int32_t>(std::nearbyintf(clamped)) + p.zero_point;
}

}  // namespace

extern "C" void qk_gemm_i8__scalar(const GemmI8Panel& p) {
  for (int64_t r = 0; r < p.row_count; r++) {
    for (int64_t j = 0; j < p.columns; j++) {
      const int32_t acc = static_cast<int32_t>(Accumulate(p, r, j));
      const int64_t at = r * p.out_stride + j;
      if (p.output == GemmI8Output::kI32) {
        static_cast<int32_t*>(p.out)[at] = acc;
        continue;
      }
      const float real = static_cast<float>(acc) * p.multiplier[j];
      if (p.output == GemmI8Output::kF32) {
        static_cast<float*>(p.out)[at] = p.addend == nullptr ? real : real + p.addend[j];
      } else {
        static_cast<uint8_t*>(p.out)[at] = static_cast<uint8_t>(Code(p, real));
      }
    }
  }
}

extern "C" void qk_gemm_i8_row_sums__scalar(const qk::GemmI8RowSums& call) {
  const uint8_t flip = static_cast<uint8_t>(call.flip);
  for (int64_t r = 0; r < call.row_count; r++) {
    int32_t sum = 0;
    for (int64_t t = 0; t < call.taps; t++) {
      const uint8_t* a = call.rows[r] + call.tap_offsets[t];
      for (int64_t d = 0; d < call.depth; d++) sum += static_cast<uint8_t>(a[d] ^ flip);
    }
    call.sums[r] = sum;
  }
}
