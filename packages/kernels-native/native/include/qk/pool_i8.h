// pool_i8: one output pixel from the pixels of its window that lie in the image, channels in lanes.
//
//   average  real = fround(fround(fround(sum_t (in[t][c] - zero)) * ratio) / divisor),  ratio = scale / scale of the output
//            out[c] = saturate(roundHalfEven(real) + zero_point)
//   maximum  out[c] = max_t in[t][c]
//
// Codes travel as unsigned bytes; see elementwise_i8.h. Overflow: taps <= 2^23.
#ifndef QK_POOL_I8_H_
#define QK_POOL_I8_H_

#include <cstdint>

#include "qk/table.h"

namespace qk {

struct PoolI8Pixel {
  const uint8_t* const* taps;  // [tap_count] first channel of an input pixel
  int64_t tap_count;           // >= 1
  int64_t channels;
  uint8_t flip;
  uint8_t flip_out;
  uint8_t* out;                // [channels]
  // average only
  int32_t zero;
  float ratio;
  float divisor;
  int32_t zero_point;
  int32_t qmin;
  int32_t qmax;
};

}  // namespace qk

using QkPoolI8 = void(const qk::PoolI8Pixel& pixel);

extern "C" {
QkPoolI8 qk_pool_i8_average__scalar, qk_pool_i8_average__avx2, qk_pool_i8_average__avx512vnni;
QkPoolI8 qk_pool_i8_max__scalar, qk_pool_i8_max__avx2, qk_pool_i8_max__avx512vnni;
}

namespace qk {

struct PoolI8Table {
  Op<QkPoolI8*> average;
  Op<QkPoolI8*> max;
};

const PoolI8Table& PoolI8Tables(Tier tier);
void VisitPoolI8(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_POOL_I8_H_
