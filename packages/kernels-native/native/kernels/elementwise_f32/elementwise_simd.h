// The kernels of elementwise_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction
// set. Operations without a vector form run the scalar kernel.
#ifndef QK_KERNELS_ELEMENTWISE_F32_ELEMENTWISE_SIMD_H_
#define QK_KERNELS_ELEMENTWISE_F32_ELEMENTWISE_SIMD_H_

#include "../simd/math_f32.h"
#include "qk/elementwise_f32.h"

namespace {

template <class Function>
inline void Map(const float* x, int64_t n, float* y, Function f) {
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const F32 first = f(Load(x + i)), second = f(Load(x + i + kLanes));
    Store(y + i, first);
    Store(y + i + kLanes, second);
  }
  for (; i + kLanes <= n; i += kLanes) Store(y + i, f(Load(x + i)));
  if (i < n) StoreFirst(y + i, f(LoadFirst(x + i, n - i)), n - i);
}

inline void Unary(qk::UnaryF32 op, const float* x, int64_t n, float a, float b, float* y) {
  using qk::UnaryF32;
  const F32 zero = Set(0.0f), one = Set(1.0f), va = Set(a), vb = Set(b);
  switch (op) {
    case UnaryF32::kAbs:
      return Map(x, n, y, [](F32 v) { return Abs(v); });
    case UnaryF32::kNegate:
      return Map(x, n, y, [](F32 v) { return Mul(v, Set(-1.0f)); });
    case UnaryF32::kExp:
      return Map(x, n, y, [](F32 v) { return Exp(v); });
    case UnaryF32::kExpm1:
      return Map(x, n, y, [](F32 v) { return Expm1(v); });
    case UnaryF32::kLog:
      return Map(x, n, y, [](F32 v) { return Log(v); });
    case UnaryF32::kLog1p:
      return Map(x, n, y, [](F32 v) { return Log1p(v); });
    case UnaryF32::kSqrt:
      return Map(x, n, y, [](F32 v) { return Sqrt(v); });
    case UnaryF32::kRsqrt:
      return Map(x, n, y, [=](F32 v) { return Div(one, Sqrt(v)); });
    case UnaryF32::kSquare:
      return Map(x, n, y, [](F32 v) { return Mul(v, v); });
    case UnaryF32::kReciprocal:
      return Map(x, n, y, [=](F32 v) { return Div(one, v); });
    case UnaryF32::kRelu:
      return Map(x, n, y, [=](F32 v) { return Max(zero, v); });
    case UnaryF32::kClip:
      return Map(x, n, y, [=](F32 v) { return Min(vb, Max(va, v)); });
    case UnaryF32::kLeakyRelu:
      return Map(x, n, y, [=](F32 v) { return Select(Less(v, zero), Mul(va, v), v); });
    case UnaryF32::kElu:
      return Map(x, n, y, [=](F32 v) { return Select(Less(v, zero), Mul(va, Expm1(v)), v); });
    case UnaryF32::kSelu: {
      const F32 scale = Set(1.0507009873554805f), alpha = Set(1.6732632423543772f);
      return Map(x, n, y, [=](F32 v) { return Mul(scale, Select(Less(v, zero), Mul(alpha, Expm1(v)), v)); });
    }
    case UnaryF32::kSigmoid:
      return Map(x, n, y, [](F32 v) { return Sigmoid(v); });
    case UnaryF32::kSilu:
      return Map(x, n, y, [](F32 v) { return Mul(v, Sigmoid(v)); });
    case UnaryF32::kTanh:
      return Map(x, n, y, [](F32 v) { return Tanh(v); });
    case UnaryF32::kSoftplus:
      return Map(x, n, y, [=](F32 v) { return Add(Max(zero, v), Log1p(Exp(Sub(zero, Abs(v))))); });
    case UnaryF32::kErf:
      return Map(x, n, y, [](F32 v) { return Erf(v); });
    case UnaryF32::kFloor:
      return Map(x, n, y, [](F32 v) { return Floor(v); });
    case UnaryF32::kCeil:
      return Map(x, n, y, [](F32 v) { return Ceil(v); });
    case UnaryF32::kRoundHalfEven:
      return Map(x, n, y, [](F32 v) { return RoundHalfEven(v); });
    case UnaryF32::kSign:
      return Map(x, n, y, [=](F32 v) { return Select(Less(zero, v), one, Select(Less(v, zero), Set(-1.0f), v)); });
    case UnaryF32::kStep:
      return Map(x, n, y, [=](F32 v) { return Select(Less(zero, v), one, Select(LessEqual(v, zero), va, v)); });
    case UnaryF32::kAffine:
      return Map(x, n, y, [=](F32 v) { return Add(Mul(va, v), vb); });
    default:
      return qk_elementwise_f32_unary__scalar(op, x, n, a, b, y);
  }
}

// An operand that is an array, or one number in all lanes.
struct ArrayOperand {
  const float* p;
  F32 At(int64_t i) const { return Load(p + i); }
  F32 FirstAt(int64_t i, int64_t count) const { return LoadFirst(p + i, count); }
};
struct NumberOperand {
  F32 v;
  F32 At(int64_t) const { return v; }
  F32 FirstAt(int64_t, int64_t) const { return v; }
};

template <class A, class B, class Function>
inline void Zip(A a, B b, int64_t n, float* y, Function f) {
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const F32 first = f(a.At(i), b.At(i)), second = f(a.At(i + kLanes), b.At(i + kLanes));
    Store(y + i, first);
    Store(y + i + kLanes, second);
  }
  for (; i + kLanes <= n; i += kLanes) Store(y + i, f(a.At(i), b.At(i)));
  if (i < n) StoreFirst(y + i, f(a.FirstAt(i, n - i), b.FirstAt(i, n - i)), n - i);
}

// Calls body(first operand, second operand) with their kinds as types.
template <class Body>
inline void WithOperands(const float* a, const float* b, qk::Operands operands, Body body) {
  switch (operands) {
    case qk::Operands::kArrays:
      return body(ArrayOperand{a}, ArrayOperand{b});
    case qk::Operands::kSecondIsNumber:
      return body(ArrayOperand{a}, NumberOperand{Set(*b)});
    case qk::Operands::kFirstIsNumber:
      return body(NumberOperand{Set(*a)}, ArrayOperand{b});
  }
}

inline void Binary(qk::BinaryF32 op, const float* a, const float* b, int64_t n, qk::Operands operands, float parameter,
                   float limit, float* y) {
  using qk::BinaryF32;
  if (n == 0) return;
  const F32 zero = Set(0.0f), one = Set(1.0f), six = Set(6.0f), slope = Set(parameter), most = Set(limit);
  const auto zip = [=](auto f) { WithOperands(a, b, operands, [=](auto first, auto second) { Zip(first, second, n, y, f); }); };
  switch (op) {
    case BinaryF32::kAdd:
      return zip([](F32 u, F32 v) { return Add(u, v); });
    case BinaryF32::kSub:
      return zip([](F32 u, F32 v) { return Sub(u, v); });
    case BinaryF32::kMul:
      return zip([](F32 u, F32 v) { return Mul(u, v); });
    case BinaryF32::kDiv:
      return zip([](F32 u, F32 v) { return Div(u, v); });
    case BinaryF32::kMin:
      return zip([](F32 u, F32 v) { return Select(IsNan(u), u, Min(u, v)); });
    case BinaryF32::kMax:
      return zip([](F32 u, F32 v) { return Select(IsNan(u), u, Max(u, v)); });
    case BinaryF32::kSquaredDifference:
      return zip([](F32 u, F32 v) { return Mul(Sub(u, v), Sub(u, v)); });
    case BinaryF32::kReluGradient:
      return zip([=](F32 dy, F32 x) { return Select(Less(zero, x), dy, zero); });
    case BinaryF32::kRelu6Gradient:
      return zip([=](F32 dy, F32 x) { return Select(Both(Less(zero, x), LessEqual(x, six)), dy, zero); });
    case BinaryF32::kLeakyReluGradient:
      return zip([=](F32 dy, F32 x) { return Select(Less(zero, x), dy, Mul(slope, dy)); });
    case BinaryF32::kEluGradient:
      return zip([=](F32 dy, F32 v) { return Select(LessEqual(zero, v), dy, Mul(dy, Add(v, one))); });
    case BinaryF32::kSigmoidGradient:
      return zip([=](F32 dy, F32 v) { return Mul(Mul(dy, v), Sub(one, v)); });
    case BinaryF32::kTanhGradient:
      return zip([=](F32 dy, F32 v) { return Mul(dy, Sub(one, Mul(v, v))); });
    case BinaryF32::kPrelu:
      return zip([=](F32 x, F32 s) { return Select(Less(x, zero), Mul(x, s), x); });
    case BinaryF32::kClipGradient:
      return zip([=](F32 dy, F32 x) { return Select(Both(LessEqual(slope, x), LessEqual(x, most)), dy, zero); });
    default:
      return qk_elementwise_f32_binary__scalar(op, a, b, n, operands, parameter, limit, y);
  }
}

inline void Compare(qk::CompareF32 op, const float* a, const float* b, int64_t n, qk::Operands operands, uint8_t* y) {
  using qk::CompareF32;
  if (n == 0) return;
  const int64_t whole = n / kLanes * kLanes;
  const auto zip = [=](auto f) {
    WithOperands(a, b, operands, [=](auto first, auto second) {
      for (int64_t i = 0; i < whole; i += kLanes) StoreBytes(y + i, f(first.At(i), second.At(i)));
    });
  };
  switch (op) {
    case CompareF32::kEqual:
      zip([](F32 u, F32 v) { return Equal(u, v); });
      break;
    case CompareF32::kNotEqual:
      zip([](F32 u, F32 v) { return Not(Equal(u, v)); });
      break;
    case CompareF32::kLess:
      zip([](F32 u, F32 v) { return Less(u, v); });
      break;
    case CompareF32::kLessEqual:
      zip([](F32 u, F32 v) { return LessEqual(u, v); });
      break;
    case CompareF32::kGreater:
      zip([](F32 u, F32 v) { return Less(v, u); });
      break;
    case CompareF32::kGreaterEqual:
      zip([](F32 u, F32 v) { return LessEqual(v, u); });
      break;
    case CompareF32::kCount:
      return;
  }
  const int64_t a_at = operands == qk::Operands::kFirstIsNumber ? 0 : whole;
  const int64_t b_at = operands == qk::Operands::kSecondIsNumber ? 0 : whole;
  qk_elementwise_f32_compare__scalar(op, a + a_at, b + b_at, n - whole, operands, y + whole);
}

inline void SelectAll(const uint8_t* condition, const float* a, const float* b, int64_t n, float* y) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) Store(y + i, Select(LoadBytes(condition + i), Load(a + i), Load(b + i)));
  qk_elementwise_f32_select__scalar(condition + i, a + i, b + i, n - i, y + i);
}

}  // namespace

#endif  // QK_KERNELS_ELEMENTWISE_F32_ELEMENTWISE_SIMD_H_
