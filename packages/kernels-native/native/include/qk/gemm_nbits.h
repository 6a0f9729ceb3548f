// gemm_nbits: weights of 2, 4 or 8 bits in blocks with a scale (and zero point) each, times activations.
//
//   out[m][n] = sum_c scale[n][block of c] * a_scale[m][c] * (sum_k q[n][k] * a[m][k] - zero[n][block] * a_sum[m][c])  (+ bias[n])
//
// K is cut into chunks of 32 (16 where blocks have 16). The inner sums are integers; per chunk, in order,
//   acc[m][n] = fma(float(integer), fround(scale * a_scale), acc[m][n])
// so that every tier gives the same bits. Rows of activations were quantized per chunk (QuantizeChunks).
//
// The float form uses the activations as they are: per chunk t = fma(a, float(q - zero), t) for ascending k, then
// acc = fma(t, scale, acc).
//
// Packed weights: panels of 16 outputs; per panel [chunk][step][16 outputs][4 bytes]. A byte holds 8/bits codes, the lowest bits
// first: output j, byte i of step s holds k = s * 32/bits + 4 * f + i in field f.
// Packed scales [panel][block][16] float; zero points [panel][block][16] bytes.
#ifndef QK_GEMM_NBITS_H_
#define QK_GEMM_NBITS_H_

#include <cstdint>

#include "qk/table.h"

namespace qk {

inline constexpr int64_t kGemmNBitsLanes = 16;

struct GemmNBitsPanel {
  int64_t bits;            // 2, 4 or 8
  int64_t chunk;           // 16 or 32
  int64_t chunks;          // ceil(K / chunk)
  int64_t block_chunks;    // chunks per block, >= 1
  const uint8_t* weights;  // of this panel
  const float* scales;
  const uint8_t* zeros;
  int64_t rows;
  int64_t columns;         // written: 1 .. 16
  const float* bias;       // [16], or null
  float* out;
  int64_t out_stride;

  // Activations lie chunk by chunk, all rows of a chunk together, zero beyond K: a column of rows would otherwise fall into
  // one set of the cache.
  // Integer form: codes within [-127, 127].
  const int8_t* codes;       // [chunks][rows][chunk]
  const float* code_scales;  // [chunks][rows]
  const int32_t* code_sums;  // [chunks][rows]
  // Float form.
  const float* reals;        // [chunks][rows][chunk]
};

// One row of activations to codes, per chunk:  scale = absmax/127 (1 where absmax is 0),
//   code = roundHalfEven(fround(x / scale)), sum = sum of the codes.
struct QuantizeChunksRow {
  const float* x;   // [depth]
  int64_t depth;
  int64_t chunk;
  int64_t rows;     // distance between chunks, in rows
  int8_t* codes;    // chunk c at codes + c * rows * chunk
  float* scales;    // chunk c at scales[c * rows]
  int32_t* sums;
};

}  // namespace qk

using QkGemmNBits = void(const qk::GemmNBitsPanel& panel);
using QkQuantizeChunks = void(const qk::QuantizeChunksRow& row);

extern "C" {
QkGemmNBits qk_gemm_nbits_codes__scalar, qk_gemm_nbits_codes__avx2, qk_gemm_nbits_codes__avx512vnni,
    qk_gemm_nbits_codes__neondot;
QkGemmNBits qk_gemm_nbits_reals__scalar, qk_gemm_nbits_reals__avx2, qk_gemm_nbits_reals__avx512vnni;
QkQuantizeChunks qk_quantize_chunks__scalar, qk_quantize_chunks__avx512vnni;
}

namespace qk {

struct GemmNBitsTable {
  Op<QkGemmNBits*> codes;
  Op<QkGemmNBits*> reals;
  Op<QkQuantizeChunks*> quantize;
};

const GemmNBitsTable& GemmNBitsTables(Tier tier);
void VisitGemmNBits(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_GEMM_NBITS_H_
