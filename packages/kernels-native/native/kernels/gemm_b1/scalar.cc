// gemm_b1__scalar: the definition of gemm_b1.h, one output at a time.
#include "qk/gemm_b1.h"

namespace {

using qk::GemmB1Output;
using qk::GemmB1Panel;

int32_t Accumulate(const GemmB1Panel& p, int64_t row, int64_t column) {
  const int64_t width = 8 * p.vectors;
  const int64_t planes = p.is_ternary ? 2 : 1;
  int64_t differing = 0;
  for (int64_t t = 0; t < p.taps; t++) {
    for (int64_t d = 0; d < p.depth; d++) {
      const uint64_t* w = p.weights + (t * p.depth + d) * planes * width + column;
      const uint64_t mask = p.is_ternary ? w[width] : ~uint64_t{0};
      differing += __builtin_popcountll((p.rows[row][p.tap_offsets[t] + d] ^ w[0]) & mask);
    }
  }
  return p.initial[row][column] - 2 * static_cast<int32_t>(differing);
}

}  // namespace

extern "C" void qk_gemm_b1__scalar(const GemmB1Panel& p) {
  for (int64_t r = 0; r < p.row_count; r++) {
    uint8_t byte = 0;
    for (int64_t j = 0; j < p.columns; j++) {
      const int32_t acc = Accumulate(p, r, j);
      if (p.output == GemmB1Output::kI32) {
        static_cast<int32_t*>(p.out)[r * p.out_stride + j] = acc;
      } else if (p.output == GemmB1Output::kF32) {
        const float real = static_cast<float>(acc) * p.scale[j];
        static_cast<float*>(p.out)[r * p.out_stride + j] = p.offset == nullptr ? real : real + p.offset[j];
      } else {
        const bool inverts = (p.inverts[j / 8] >> (j % 8) & 1) != 0;
        if ((acc >= p.threshold[j]) != inverts) byte = static_cast<uint8_t>(byte | 1 << j % 8);
        if (j % 8 == 7 || j + 1 == p.columns) {
          static_cast<uint8_t*>(p.out)[r * p.out_stride + j / 8] = byte;
          byte = 0;
        }
      }
    }
  }
}

extern "C" void qk_pack_signs__scalar(const qk::PackSigns& run) {
  for (int64_t i = 0; i < run.count; i += 64) {
    uint64_t word = 0;
    for (int64_t j = i; j < i + 64 && j < run.count; j++) {
      if (run.x[j] >= 0) word |= uint64_t{1} << (j - i);
    }
    run.words[i / 64] = word;
  }
}
