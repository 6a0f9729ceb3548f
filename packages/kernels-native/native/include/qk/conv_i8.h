// conv_i8: int8 matrix products and convolutions on packed weights. A matrix product is a 1x1 convolution over M pixels.
//
//   acc[n][y][x][o] = bias[o] + sum (input - input_zero)(weight - weight_zero[o]),  a tap in the padding adds 0
//   input [N][H][W][C], weights [O][KH][KW][C/groups] packed once, output [N][OH][OW][O]
//
// There is no im2col: rows of the kernel (gemm_i8.h) are pointers to the windows. Where the image has padding, a copy with a
// border of input_zero is made first, so that every window lies inside.
#ifndef QK_CONV_I8_H_
#define QK_CONV_I8_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/gemm_i8.h"
#include "qk/types.h"

namespace qk {

// Shape of the weights of one layer, and how they are packed.
struct ConvI8Weights {
  int64_t outputs;         // O
  int64_t kernel_height;
  int64_t kernel_width;
  int64_t channels;        // per group
  int64_t groups;
  bool merges_columns;     // a row of the window is one run of kernel_width * channels bytes: groups 1 and no dilation along x
};

// Derived sizes; everything a packed buffer needs.
struct ConvI8Packing {
  int64_t taps;
  int64_t depth;             // bytes per tap
  int64_t columns;           // per group, a multiple of 16
  int64_t group_bytes;       // packed bytes of one group
  int64_t bytes;             // packed bytes of all
};

ConvI8Packing PackingOf(const ConvI8Weights& weights);

// [O][KH][KW][C/groups] bytes to panels. `flip` 0x80 turns uint8 weights into int8 ones (their zero points become z - 128).
// sums [groups * columns] receives the sum of the packed weights of every output. packed has PackingOf().bytes bytes.
void PackConvI8(const ConvI8Weights& weights, const uint8_t* source, uint8_t flip, int8_t* packed, int32_t* sums);

// The same for a matrix b [K][N]: outputs N, channels K, kernel 1x1, one group.
void PackGemmI8Transposed(const ConvI8Weights& weights, const uint8_t* source, uint8_t flip, int8_t* packed,
                          int32_t* sums);

// M = multiplier * 2^(exponent - 31), multiplier in [2^30, 2^31) or 0; docs/numerics.md eqs. 12 and 13.
struct FixedMultiplier {
  int32_t multiplier;
  int32_t exponent;
};

// acc [pixels][outputs] to codes by integer arithmetic.
void RequantizeFixed(Context& context, const int32_t* acc, int64_t pixels, int64_t outputs, const struct ConvI8Call& call);

struct ConvI8Call {
  ConvI8Weights weights;
  const int8_t* packed;
  const int32_t* sums;         // as PackConvI8 wrote them
  const int32_t* weight_zero;  // [O] in the packed (signed) domain, or null when all are 0

  int64_t batch, height, width;          // of the input
  int64_t out_height, out_width;
  int64_t stride_y, stride_x, dilation_y, dilation_x;
  int64_t pad_top, pad_left;
  const uint8_t* input;
  bool input_signed;
  int32_t input_zero;

  const int32_t* bias;         // [O] or null
  int32_t bias_room;           // a bias of larger magnitude could overflow an accumulator: kBadArgument
  GemmI8Output output;
  const float* multiplier;     // [O]; kCodes, kF32
  const float* addend;         // [O] or null; kF32
  const FixedMultiplier* fixed;  // [O] or null; kCodes: requantize with integers instead of the multiplier
  bool fixed_once;             // fixed: round once, not twice
  int32_t zero_point, qmin, qmax;
  bool signed_codes;
  void* out;
};

// Everything that is a constant of an output, per packed column (groups * columns entries each).
struct ConvI8Columns {
  int32_t* initial;   // bias - z_a * sum(b) + K * z_a * z_b, with signed a read as a + 128
  int32_t* b_zero;
  float* multiplier;
  float* addend;
};

// kBadArgument where a bias is beyond its room or a multiplier is not finite.
Status FillColumns(const ConvI8Call& call, const ConvI8Columns& columns);

// kBadArgument as FillColumns.
Status RunConvI8(Context& context, const ConvI8Call& call);

}  // namespace qk

#endif  // QK_CONV_I8_H_
