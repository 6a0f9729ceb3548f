#include <cmath>

#include "qk/elementwise_f32.h"

namespace {

constexpr float kSeluScale = 1.0507009873554805f, kSeluAlpha = 1.6732632423543772f;

float Sigmoid(float x) {
  const float e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

float Unary(qk::UnaryF32 op, float x, float a, float b) {
  using qk::UnaryF32;
  switch (op) {
    case UnaryF32::kAbs:
      return std::fabs(x);
    case UnaryF32::kNegate:
      return -x;
    case UnaryF32::kExp:
      return std::exp(x);
    case UnaryF32::kExpm1:
      return std::expm1(x);
    case UnaryF32::kLog:
      return std::log(x);
    case UnaryF32::kLog1p:
      return std::log1p(x);
    case UnaryF32::kSqrt:
      return std::sqrt(x);
    case UnaryF32::kRsqrt:
      return 1 / std::sqrt(x);
    case UnaryF32::kSquare:
      return x * x;
    case UnaryF32::kReciprocal:
      return 1 / x;
    case UnaryF32::kRelu:
      return x < 0 ? 0 : x;
    case UnaryF32::kClip:
      return x < a ? a : x > b ? b : x;
    case UnaryF32::kLeakyRelu:
      return x < 0 ? a * x : x;
    case UnaryF32::kElu:
      return x < 0 ? a * std::expm1(x) : x;
    case UnaryF32::kSelu:
      return kSeluScale * (x < 0 ? kSeluAlpha * std::expm1(x) : x);
    case UnaryF32::kSigmoid:
      return Sigmoid(x);
    case UnaryF32::kSilu:
      return x * Sigmoid(x);
    case UnaryF32::kTanh:
      return std::tanh(x);
    case UnaryF32::kSoftplus:
      return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
    case UnaryF32::kErf:
      return std::erf(x);
    case UnaryF32::kFloor:
      return std::floor(x);
    case UnaryF32::kCeil:
      return std::ceil(x);
    case UnaryF32::kRoundHalfEven:
      return std::nearbyint(x);
    case UnaryF32::kSign:
      return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
    case UnaryF32::kStep:
      return x > 0 ? 1 : x <= 0 ? a : x;
    case UnaryF32::kAffine:
      return a * x + b;
    case UnaryF32::kSin:
      return std::sin(x);
    case UnaryF32::kCos:
      return std::cos(x);
    case UnaryF32::kTan:
      return std::tan(x);
    case UnaryF32::kAsin:
      return std::asin(x);
    case UnaryF32::kAcos:
      return std::acos(x);
    case UnaryF32::kAtan:
      return std::atan(x);
    case UnaryF32::kSinh:
      return std::sinh(x);
    case UnaryF32::kCosh:
      return std::cosh(x);
    case UnaryF32::kAsinh:
      return std::asinh(x);
    case UnaryF32::kAcosh:
      return std::acosh(x);
    case UnaryF32::kAtanh:
      return std::atanh(x);
    case UnaryF32::kCount:
      break;
  }
  return x;
}

float Binary(qk::BinaryF32 op, float a, float b, float parameter, float limit) {
  using qk::BinaryF32;
  switch (op) {
    case BinaryF32::kAdd:
      return a + b;
    case BinaryF32::kSub:
      return a - b;
    case BinaryF32::kMul:
      return a * b;
    case BinaryF32::kDiv:
      return a / b;
    case BinaryF32::kMin:
      return a != a || a < b ? a : b;
    case BinaryF32::kMax:
      return a != a || a > b ? a : b;
    case BinaryF32::kSquaredDifference:
      return (a - b) * (a - b);
    case BinaryF32::kReluGradient:
      return b > 0 ? a : 0;
    case BinaryF32::kRelu6Gradient:
      return b > 0 && b <= 6 ? a : 0;
    case BinaryF32::kLeakyReluGradient:
      return b > 0 ? a : parameter * a;
    case BinaryF32::kEluGradient:
      return b >= 0 ? a : a * (b + 1);
    case BinaryF32::kSigmoidGradient:
      return a * b * (1 - b);
    case BinaryF32::kTanhGradient:
      return a * (1 - b * b);
    case BinaryF32::kPrelu:
      return a < 0 ? a * b : a;
    case BinaryF32::kClipGradient:
      return b >= parameter && b <= limit ? a : 0;
    case BinaryF32::kPow:
      return std::pow(a, b);
    case BinaryF32::kFloorMod: {
      const float rest = std::fmod(a, b);
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    case BinaryF32::kFloorDiv:
      return std::floor(a / b);
    case BinaryF32::kAtan2:
      return std::atan2(a, b);
    case BinaryF32::kCount:
      break;
  }
  return a;
}

bool Compare(qk::CompareF32 op, float a, float b) {
  using qk::CompareF32;
  switch (op) {
    case CompareF32::kEqual:
      return a == b;
    case CompareF32::kNotEqual:
      return a != b;
    case CompareF32::kLess:
      return a < b;
    case CompareF32::kLessEqual:
      return a <= b;
    case CompareF32::kGreater:
      return a > b;
    case CompareF32::kGreaterEqual:
      return a >= b;
    case CompareF32::kCount:
      break;
  }
  return false;
}

}  // namespace

void qk_elementwise_f32_unary__scalar(qk::UnaryF32 op, const float* x, int64_t n, float a, float b, float* y) {
  for (int64_t i = 0; i < n; i++) y[i] = Unary(op, x[i], a, b);
}

void qk_elementwise_f32_binary__scalar(qk::BinaryF32 op, const float* a, const float* b, int64_t n, qk::Operands operands,
                                       float parameter, float limit, float* y) {
  const int64_t a_step = operands == qk::Operands::kFirstIsNumber ? 0 : 1;
  const int64_t b_step = operands == qk::Operands::kSecondIsNumber ? 0 : 1;
  for (int64_t i = 0; i < n; i++) y[i] = Binary(op, a[i * a_step], b[i * b_step], parameter, limit);
}

void qk_elementwise_f32_compare__scalar(qk::CompareF32 op, const float* a, const float* b, int64_t n, qk::Operands operands,
                                        uint8_t* y) {
  const int64_t a_step = operands == qk::Operands::kFirstIsNumber ? 0 : 1;
  const int64_t b_step = operands == qk::Operands::kSecondIsNumber ? 0 : 1;
  for (int64_t i = 0; i < n; i++) y[i] = Compare(op, a[i * a_step], b[i * b_step]) ? 1 : 0;
}

void qk_elementwise_f32_select__scalar(const uint8_t* condition, const float* a, const float* b, int64_t n, float* y) {
  for (int64_t i = 0; i < n; i++) y[i] = condition[i] != 0 ? a[i] : b[i];
}
