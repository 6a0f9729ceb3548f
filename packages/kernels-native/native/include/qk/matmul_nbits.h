// matmul_nbits: out [M][N] = a [M][K] times weights of few bits, as com.microsoft MatMulNBits.
#ifndef QK_MATMUL_NBITS_H_
#define QK_MATMUL_NBITS_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/gemm_nbits.h"
#include "qk/types.h"

namespace qk {

// Weights W[N][K] of 2, 4 or 8 bits in blocks along K.
struct NBitsWeights {
  int64_t outputs;     // N
  int64_t depth;       // K
  int64_t bits;        // 2, 4, 8
  int64_t block_size;  // 16, 32, 64, ...: a power of two
};

struct NBitsPacking {
  int64_t panels;
  int64_t blocks;      // ceil(K / block_size)
  int64_t chunk;       // 16 or 32
  int64_t chunks;      // ceil(K / chunk)
  int64_t panel_bytes;
};

NBitsPacking PackingOf(const NBitsWeights& weights);

// From the layout of MatMulNBits: codes [N][blocks][block_size * bits / 8], scales [N][blocks], zero points
// [N][ceil(blocks * bits / 8)] or null (all 2^(bits - 1)), low bits first.
void PackNBits(const NBitsWeights& weights, const uint8_t* codes, const float* scales, const uint8_t* zeros, uint8_t* packed,
               float* packed_scales, uint8_t* packed_zeros);

struct MatMulNBitsCall {
  NBitsWeights weights;
  const uint8_t* packed;
  const float* scales;
  const uint8_t* zeros;
  int64_t rows;
  const float* a;
  bool quantizes;      // activations to int8 per chunk; otherwise they stay float
  const float* bias;   // [N] or null
  float* out;
};

Status RunMatMulNBits(Context& context, const MatMulNBitsCall& call);

}  // namespace qk

#endif  // QK_MATMUL_NBITS_H_
