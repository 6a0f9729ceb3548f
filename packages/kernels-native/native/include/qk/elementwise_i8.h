// elementwise_i8: sums and products of two arrays of codes, each with its own scale and zero point.
//
//   add  real = fround(fround(ratio_a * (a - zero_a)) + fround(ratio_b * (b - zero_b)))       ratio = scale / scale of the output
//   mul  real = fround(fround((a - zero_a)(b - zero_b)) * ratio_a)                            ratio_a: the product of scales / ...
//   out = saturate(roundHalfEven(real) + zero_point)                                          docs/numerics.md section 11
//
// Codes travel as unsigned bytes: `flip` 0x80 turns int8 codes into uint8 ones, with 128 added to their zero point and bounds.
// Reads and writes exactly count bytes. out may be a or b.
#ifndef QK_ELEMENTWISE_I8_H_
#define QK_ELEMENTWISE_I8_H_

#include <cstdint>

#include "qk/table.h"

namespace qk {

struct ElementwiseI8 {
  const uint8_t* a;
  const uint8_t* b;
  uint8_t* out;
  int64_t count;
  uint8_t flip_a;
  uint8_t flip_b;
  uint8_t flip_out;
  int32_t zero_a;      // of flipped codes, as everything below
  int32_t zero_b;
  float ratio_a;
  float ratio_b;       // add only
  int32_t zero_point;
  int32_t qmin;
  int32_t qmax;
};

}  // namespace qk

using QkElementwiseI8 = void(const qk::ElementwiseI8& call);

extern "C" {
QkElementwiseI8 qk_elementwise_i8_add__scalar, qk_elementwise_i8_add__avx2, qk_elementwise_i8_add__avx512vnni;
QkElementwiseI8 qk_elementwise_i8_mul__scalar, qk_elementwise_i8_mul__avx2, qk_elementwise_i8_mul__avx512vnni;
}

namespace qk {

struct ElementwiseI8Table {
  Op<QkElementwiseI8*> add;
  Op<QkElementwiseI8*> mul;
};

const ElementwiseI8Table& ElementwiseI8Tables(Tier tier);
void VisitElementwiseI8(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_ELEMENTWISE_I8_H_
