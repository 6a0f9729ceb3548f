#ifndef QK_HALF_F32_H_
#define QK_HALF_F32_H_

#include <cstdint>

#include "qk/table.h"

// n float32 numbers to 16 bits and back, any alignment. Ties to even; too large becomes infinity; subnormal numbers are kept;
// NaN stays NaN (its payload may differ between tiers).
//   f16   IEEE 754 binary16     bf16  the upper half of a float32
using QkToHalf = void(const float* x, int64_t n, uint16_t* half);
using QkFromHalf = void(const uint16_t* half, int64_t n, float* x);

extern "C" {
QkToHalf qk_half_f32_to_f16__scalar, qk_half_f32_to_f16__avx2, qk_half_f32_to_f16__neon;
QkFromHalf qk_half_f32_from_f16__scalar, qk_half_f32_from_f16__avx2, qk_half_f32_from_f16__neon;
QkToHalf qk_half_f32_to_bf16__scalar, qk_half_f32_to_bf16__avx2, qk_half_f32_to_bf16__avx512vnni, qk_half_f32_to_bf16__neon;
QkFromHalf qk_half_f32_from_bf16__scalar, qk_half_f32_from_bf16__avx2, qk_half_f32_from_bf16__neon;
}

namespace qk {

struct HalfF32Table {
  Op<QkToHalf*> to_f16;
  Op<QkFromHalf*> from_f16;
  Op<QkToHalf*> to_bf16;
  Op<QkFromHalf*> from_bf16;
};

const HalfF32Table& HalfF32Tables(Tier tier);
void VisitHalfF32(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_HALF_F32_H_
