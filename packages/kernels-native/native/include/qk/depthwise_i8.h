// depthwise_i8: one filter per channel, channels in lanes.
//
//   acc[x][c] = initial[c] + sum_i sum_j (in[i][x * stride_x + j * dilation_x - pad_left][c] ^ flip) * w[i][j][c]
//   out[x][c] = saturate(roundHalfEven(fround(fround(acc) * multiplier[c])) + zero_point)
//
// in[i] is the image row of window row i; outside the image every row reads `pad`, so that initial may hold the zero point
// correction of the whole window.
//
// Channels come in blocks of 64, so that bytes of four image rows interleave to the operand of a four-byte dot product with two
// byte unpacks. Everything per channel is packed in the order the unpacks leave behind. Vector v, lane i of a block holds the
// channel
//
//   16 * (i / 4) + 4 * v + i % 4            (DepthwiseI8Channel)
//
// Weights: [block][window column][ceil(kernel_height / 4)][4 vectors][16 lanes][4 rows], zero where there is no row or channel.
#ifndef QK_DEPTHWISE_I8_H_
#define QK_DEPTHWISE_I8_H_

#include <cstdint>

#include "qk/table.h"

namespace qk {

inline constexpr int64_t kDepthwiseI8Block = 64;

// Channel of a block that sits at position `lane` (0..15) of vector `v` (0..3).
constexpr int64_t DepthwiseI8Channel(int64_t v, int64_t lane) { return 16 * (lane / 4) + 4 * v + lane % 4; }

// One row of output, or two neighbours at vertical stride 1 (their windows share all image rows but one).
struct DepthwiseI8Row {
  // [kernel_height + out_rows - 1] column 0 of the image row, or `pad` for a row outside; output row r begins at rows[r].
  const uint8_t* const* rows;
  const int64_t* column_stride;  // likewise: bytes between columns: channels, or 0 for a row outside
  const uint8_t* pad;            // [channels] the code of real 0
  int64_t width;                 // of the image
  int64_t channels;
  int64_t kernel_height;
  int64_t kernel_width;
  int64_t stride_x;
  int64_t dilation_x;
  int64_t pad_left;
  int64_t out_width;
  uint32_t flip;            // 0x80808080 for signed input, else 0
  const int8_t* weights;    // packed
  const int32_t* initial;   // packed, whole blocks
  const float* multiplier;  // packed, whole blocks
  int32_t zero_point;
  int32_t qmin;
  int32_t qmax;
  bool signed_codes;
  bool may_exceed;   // |fround(acc) * multiplier| may reach 2^31: clamp before rounding
  int64_t out_rows;  // 1 or 2
  uint8_t* out;      // [out_rows][out_width][channels]
};

}  // namespace qk

using QkDepthwiseI8 = void(const qk::DepthwiseI8Row& row);

extern "C" {
QkDepthwiseI8 qk_depthwise_i8__scalar, qk_depthwise_i8__avx2, qk_depthwise_i8__avxvnni, qk_depthwise_i8__avx512vnni,
    qk_depthwise_i8__neon;
}

namespace qk {

struct DepthwiseI8Table {
  Op<QkDepthwiseI8*> row;
};

const DepthwiseI8Table& DepthwiseI8Tables(Tier tier);
void VisitDepthwiseI8(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_DEPTHWISE_I8_H_
