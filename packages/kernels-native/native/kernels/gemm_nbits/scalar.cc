// gemm_nbits__scalar: the definition of gemm_nbits.h, one output at a time.
#include <cmath>

#include "qk/gemm_nbits.h"

namespace {

using qk::GemmNBitsPanel;

// Code of output j at depth k of a chunk.
int32_t CodeAt(const GemmNBitsPanel& p, int64_t chunk, int64_t j, int64_t k) {
  const int64_t per_step = 32 / p.bits;  // depth of one step
  const int64_t step = (chunk * p.chunk + k) / per_step;
  const int64_t in_step = k % per_step;
  const uint8_t byte = p.weights[(step * 16 + j) * 4 + in_step % 4];
  return (byte >> (in_step / 4 * p.bits)) & ((1 << p.bits) - 1);
}

}  // namespace

extern "C" void qk_gemm_nbits_codes__scalar(const GemmNBitsPanel& p) {
  for (int64_t m = 0; m < p.rows; m++) {
    for (int64_t j = 0; j < p.columns; j++) {
      float acc = 0;
      for (int64_t c = 0; c < p.chunks; c++) {
        const int64_t at = c / p.block_chunks * 16 + j;
        const int8_t* a = p.codes + (c * p.rows + m) * p.chunk;
        int32_t dot = -p.zeros[at] * p.code_sums[c * p.rows + m];
        for (int64_t k = 0; k < p.chunk; k++) dot += CodeAt(p, c, j, k) * a[k];
        acc = std::fmaf(static_cast<float>(dot), p.scales[at] * p.code_scales[c * p.rows + m], acc);
      }
      p.out[m * p.out_stride + j] = p.bias == nullptr ? acc : acc + p.bias[j];
    }
  }
}

extern "C" void qk_gemm_nbits_reals__scalar(const GemmNBitsPanel& p) {
  for (int64_t m = 0; m < p.rows; m++) {
    for (int64_t j = 0; j < p.columns; j++) {
      float acc = 0;
      for (int64_t c = 0; c < p.chunks; c++) {
        const int64_t at = c / p.block_chunks * 16 + j;
        const float* a = p.reals + (c * p.rows + m) * p.chunk;
        float sum = 0;
        for (int64_t k = 0; k < p.chunk; k++) {
          sum = std::fmaf(a[k], static_cast<float>(CodeAt(p, c, j, k) - p.zeros[at]), sum);
        }
        acc = std::fmaf(sum, p.scales[at], acc);
      }
      p.out[m * p.out_stride + j] = p.bias == nullptr ? acc : acc + p.bias[j];
    }
  }
}

extern "C" void qk_quantize_chunks__scalar(const qk::QuantizeChunksRow& row) {
  for (int64_t c = 0; c * row.chunk < row.depth; c++) {
    const int64_t begin = c * row.chunk;
    const int64_t count = row.depth - begin < row.chunk ? row.depth - begin : row.chunk;
    float largest = 0;
    for (int64_t k = 0; k < count; k++) largest = std::fmax(largest, std::fabs(row.x[begin + k]));
    const float scale = largest > 0 ? largest / 127.0f : 1.0f;
    int32_t sum = 0;
    for (int64_t k = 0; k < row.chunk; k++) {
      const float code = k < count ? std::nearbyintf(row.x[begin + k] / scale) : 0.0f;
      // A subnormal absmax/127 may be rounded down so far that the quotient exceeds 127.
      const int32_t saturated = code > 127.0f ? 127 : code >= -127.0f ? static_cast<int32_t>(code) : -127;
      row.codes[begin * row.rows + k] = static_cast<int8_t>(saturated);
      sum += saturated;
    }
    row.scales[c * row.rows] = scale;
    row.sums[c * row.rows] = sum;
  }
}
