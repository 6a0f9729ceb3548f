#ifndef QK_ELEMENTWISE_F32_H_
#define QK_ELEMENTWISE_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

namespace qk {

// y = op(x); a and b are the parameters named behind some. The order is that of src/float/elementwise-ops.ts.
enum class UnaryF32 : int32_t {
  kAbs,
  kNegate,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kSqrt,
  kRsqrt,
  kSquare,
  kReciprocal,
  kRelu,
  kClip,       // within [a, b]
  kLeakyRelu,  // x < 0 ? a x : x
  kElu,        // x < 0 ? a (e^x - 1) : x
  kSelu,
  kSigmoid,
  kSilu,  // x sigmoid(x)
  kTanh,
  kSoftplus,  // log(1 + e^x)
  kErf,
  kFloor,
  kCeil,
  kRoundHalfEven,
  kSign,
  kStep,    // x > 0 ? 1 : a
  kAffine,  // a x + b
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kAsinh,
  kAcosh,
  kAtanh,
  kCount
};

// y = op(a, b); `parameter` and `limit` where named. Gradients: a = dy, b = what the name says.
enum class BinaryF32 : int32_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMin,
  kMax,
  kSquaredDifference,
  kReluGradient,       // b = x: x > 0 ? dy : 0
  kRelu6Gradient,      // b = x: 0 < x <= 6 ? dy : 0
  kLeakyReluGradient,  // b = x: x > 0 ? dy : parameter dy
  kEluGradient,        // b = y of ELU with alpha 1: y >= 0 ? dy : dy (y + 1)
  kSigmoidGradient,    // b = y: dy y (1 - y)
  kTanhGradient,       // b = y: dy (1 - y^2)
  kPrelu,              // a = x, b = slope: x < 0 ? slope x : x
  kClipGradient,       // b = x: parameter <= x <= limit ? dy : 0
  kPow,
  kFloorMod,
  kFloorDiv,
  kAtan2,
  kCount
};

enum class CompareF32 : int32_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kCount };

// Which operands are arrays; the other one is a single number.
enum class Operands : int32_t { kArrays, kSecondIsNumber, kFirstIsNumber };

}  // namespace qk

// y[i] = op(x[i]) for i < n; y may be x.
// Exactness: +, -, *, /, sqrt, comparisons and roundings are IEEE operations, bit-identical on every tier. The vector forms of
// exp, expm1, log, log1p, sigmoid, silu, tanh, softplus, elu and selu are within 4 ULP of the exact value (silu: or 2^-142),
// erf within 4e-7.
using QkUnaryF32 = void(qk::UnaryF32 op, const float* x, int64_t n, float a, float b, float* y);

// y[i] = op(a[i], b[i]) for i < n; y may be a or b. NaN in an operand of min and max gives NaN.
using QkBinaryF32 = void(qk::BinaryF32 op, const float* a, const float* b, int64_t n, qk::Operands operands, float parameter,
                         float limit, float* y);

// y[i] = op(a[i], b[i]) ? 1 : 0
using QkCompareF32 = void(qk::CompareF32 op, const float* a, const float* b, int64_t n, qk::Operands operands, uint8_t* y);

// y[i] = condition[i] != 0 ? a[i] : b[i]; y may be a or b.
using QkSelectF32 = void(const uint8_t* condition, const float* a, const float* b, int64_t n, float* y);

extern "C" {
QkUnaryF32 qk_elementwise_f32_unary__scalar, qk_elementwise_f32_unary__avx2, qk_elementwise_f32_unary__avx512vnni,
    qk_elementwise_f32_unary__neon;
QkBinaryF32 qk_elementwise_f32_binary__scalar, qk_elementwise_f32_binary__avx2, qk_elementwise_f32_binary__neon;
QkCompareF32 qk_elementwise_f32_compare__scalar, qk_elementwise_f32_compare__avx2, qk_elementwise_f32_compare__neon;
QkSelectF32 qk_elementwise_f32_select__scalar, qk_elementwise_f32_select__avx2, qk_elementwise_f32_select__neon;
}

namespace qk {

class Context;

struct ElementwiseF32Table {
  Op<QkUnaryF32*> unary;
  Op<QkBinaryF32*> binary;
  Op<QkCompareF32*> compare;
  Op<QkSelectF32*> select;
};

const ElementwiseF32Table& ElementwiseF32Tables(Tier tier);
void VisitElementwiseF32(Tier tier, OpVisitor visit, void* context);

inline constexpr int64_t kMostDimensions = 8;

// How two operands meet: dimension by dimension, the innermost last. A stride of 0 repeats the operand; the innermost strides
// are 0 or 1.
struct Broadcast {
  int64_t rank;  // 1 .. kMostDimensions
  int64_t sizes[kMostDimensions];
  int64_t a_strides[kMostDimensions];
  int64_t b_strides[kMostDimensions];
};

Status RunUnaryF32(Context& context, UnaryF32 op, const float* x, int64_t n, float a, float b, float* y);
Status RunBinaryF32(Context& context, BinaryF32 op, const Broadcast& shape, const float* a, const float* b, float parameter,
                    float limit, float* y);
Status RunCompareF32(Context& context, CompareF32 op, const Broadcast& shape, const float* a, const float* b, uint8_t* y);
Status RunSelectF32(Context& context, const uint8_t* condition, const float* a, const float* b, int64_t n, float* y);

}  // namespace qk

#endif  // QK_ELEMENTWISE_F32_H_
