#include "qk/elementwise_f32.h"

#include <algorithm>
#include <string>
#include <vector>

#include "float_check.h"
#include "qk/optimizer_f32.h"
#include "qk/reduce_f32.h"
#include "qk/softmax_f32.h"

namespace qk::test {
namespace {

double Exact(UnaryF32 op, double x) {
  switch (op) {
    case UnaryF32::kExp:
      return std::exp(x);
    case UnaryF32::kExpm1:
      return std::expm1(x);
    case UnaryF32::kLog:
      return std::log(x);
    case UnaryF32::kLog1p:
      return std::log1p(x);
    case UnaryF32::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case UnaryF32::kSilu:
      return x / (1 + std::exp(-x));
    case UnaryF32::kTanh:
      return std::tanh(x);
    case UnaryF32::kSoftplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
    case UnaryF32::kElu:
      return x < 0 ? std::expm1(x) : x;
    default:
      return 0;
  }
}

// Functions within 4 ULP of the exact value over their whole range, limits included.
void Functions(Context& context) {
  const ElementwiseF32Table& table = ElementwiseF32Tables(context.tier());
  constexpr int64_t kCount = 4000;
  const Guarded<float> x(kCount), y(kCount);
  Random random(8);
  for (const UnaryF32 op : {UnaryF32::kExp, UnaryF32::kExpm1, UnaryF32::kLog, UnaryF32::kLog1p, UnaryF32::kSigmoid,
                            UnaryF32::kSilu, UnaryF32::kTanh, UnaryF32::kSoftplus, UnaryF32::kElu}) {
    for (int64_t i = 0; i < kCount; i++) {
      const int64_t kind = i % 4;
      x[i] = kind == 0   ? random.Normal() * 1e-3f
             : kind == 1 ? random.Normal()
             : kind == 2 ? random.Normal() * 40
                         : std::ldexp(random.Normal(), static_cast<int>(random.Integer(-140, 120)));
      if (op == UnaryF32::kLog) x[i] = std::fabs(x[i]);
      if (op == UnaryF32::kLog1p && x[i] <= -1) x[i] = -x[i];
    }
    x[0] = op == UnaryF32::kLog || op == UnaryF32::kLog1p ? 0 : -kInfinity;
    x[1] = kInfinity;
    x[2] = __builtin_nanf("");
    x[3] = 0;
    if (op == UnaryF32::kSilu) x[0] = 0;  // -infinity times 0
    table.unary.run(op, x.data(), kCount, 1, 0, y.data());
    bool near = true;
    for (int64_t i = 0; i < kCount; i++) {
      const double exact = Exact(op, x[i]);
      // SiLU multiplies a subnormal sigmoid, whose last place is 2^-149, by up to 104.
      near &= IsWithinUlps(y[i], exact, 4) || (op == UnaryF32::kSilu && std::fabs(y[i] - exact) <= 0x1p-142);
    }
    Check(near, ("function " + std::to_string(static_cast<int>(op))).c_str());
  }
}

bool SameBits(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// What is one IEEE operation gives the scalar kernel's bits, for every length and kind of operand.
void ExactOperations(Context& context) {
  const ElementwiseF32Table& table = ElementwiseF32Tables(context.tier());
  Random random(9);
  const float special[] = {0, -0.0f, 1, -1, 6, kInfinity, -kInfinity, __builtin_nanf(""), 0.5f, 1.5f, 2.5f, -2.5f};
  for (int64_t n = 0; n <= 70; n++) {
    const Guarded<float> a(n), b(n), y(n);
    const Guarded<uint8_t> flags(n);
    std::vector<float> expected(static_cast<size_t>(n));
    std::vector<uint8_t> expected_flags(static_cast<size_t>(n));
    for (const Guarded<float>* values : {&a, &b}) {
      for (int64_t i = 0; i < n; i++) {
        (*values)[i] = random.Integer(0, 3) == 0 ? special[random.Integer(0, 11)] : random.Normal();
      }
    }
    const auto equal = [&] {
      for (int64_t i = 0; i < n; i++) {
        if (!SameBits(y[i], expected[static_cast<size_t>(i)])) return false;
      }
      return true;
    };
    for (const UnaryF32 op :
         {UnaryF32::kAbs, UnaryF32::kNegate, UnaryF32::kSqrt, UnaryF32::kRsqrt, UnaryF32::kSquare, UnaryF32::kReciprocal,
          UnaryF32::kRelu, UnaryF32::kClip, UnaryF32::kLeakyRelu, UnaryF32::kFloor, UnaryF32::kCeil, UnaryF32::kRoundHalfEven,
          UnaryF32::kSign, UnaryF32::kStep, UnaryF32::kAffine, UnaryF32::kSin}) {
      table.unary.run(op, a.data(), n, 0.25f, 2, y.data());
      qk_elementwise_f32_unary__scalar(op, a.data(), n, 0.25f, 2, expected.data());
      Check(equal(), ("unary " + std::to_string(static_cast<int>(op))).c_str());
    }
    if (n == 0) continue;
    for (const Operands operands : {Operands::kArrays, Operands::kSecondIsNumber, Operands::kFirstIsNumber}) {
      for (int op = 0; op < static_cast<int>(BinaryF32::kCount); op++) {
        table.binary.run(static_cast<BinaryF32>(op), a.data(), b.data(), n, operands, 0.1f, 1.5f, y.data());
        qk_elementwise_f32_binary__scalar(static_cast<BinaryF32>(op), a.data(), b.data(), n, operands, 0.1f, 1.5f,
                                          expected.data());
        Check(equal(), ("binary " + std::to_string(op)).c_str());
      }
      for (int op = 0; op < static_cast<int>(CompareF32::kCount); op++) {
        table.compare.run(static_cast<CompareF32>(op), a.data(), b.data(), n, operands, flags.data());
        qk_elementwise_f32_compare__scalar(static_cast<CompareF32>(op), a.data(), b.data(), n, operands, expected_flags.data());
        Check(std::equal(expected_flags.begin(), expected_flags.end(), flags.data()),
              ("compare " + std::to_string(op)).c_str());
      }
    }
    table.select.run(flags.data(), a.data(), b.data(), n, y.data());
    qk_elementwise_f32_select__scalar(flags.data(), a.data(), b.data(), n, expected.data());
    Check(equal(), "select");
  }
}

// Broadcasting: rank 3 with any dimension repeated, long and short runs, against direct indexing.
void Broadcasts(Context& context) {
  Random random(10);
  for (int round = 0; round < 60; round++) {
    Broadcast s = {};
    s.rank = random.Integer(1, 3);
    int64_t count = 1, a_count = 1, b_count = 1;
    for (int64_t d = s.rank - 1; d >= 0; d--) {
      s.sizes[d] = random.Integer(1, round % 10 == 0 ? 90 : 9);
      const int64_t kind = random.Integer(0, 2);
      s.a_strides[d] = kind == 1 ? 0 : a_count;
      s.b_strides[d] = kind == 2 ? 0 : b_count;
      if (kind != 1) a_count *= s.sizes[d];
      if (kind != 2) b_count *= s.sizes[d];
      count *= s.sizes[d];
    }
    const Guarded<float> a(a_count), b(b_count), y(count);
    Fill(random, a);
    Fill(random, b);
    Poison(y);
    RunBinaryF32(context, BinaryF32::kSub, s, a.data(), b.data(), 0, 0, y.data());
    bool equal = true;
    for (int64_t i = 0; i < count; i++) {
      int64_t rest = i, at_a = 0, at_b = 0;
      for (int64_t d = s.rank - 1; d >= 0; d--) {
        at_a += rest % s.sizes[d] * s.a_strides[d];
        at_b += rest % s.sizes[d] * s.b_strides[d];
        rest /= s.sizes[d];
      }
      equal &= y[i] == a[at_a] - b[at_b];
    }
    Check(equal, "broadcast");
  }
}

void Reductions(Context& context) {
  Random random(11);
  for (int round = 0; round < 60; round++) {
    const bool is_long = round % 10 == 0;
    const int64_t outer = random.Integer(1, 4), length = random.Integer(1, is_long ? 40'000 : 200);
    const int64_t inner = round % 2 == 0 ? 1 : random.Integer(1, 70);
    if (outer * length * inner > 400'000) continue;
    const Guarded<float> x(outer * length * inner), out(outer * inner);
    const Guarded<int32_t> index(outer * inner);
    Fill(random, x);
    for (int op = 0; op < static_cast<int>(ReduceF32::kCount); op++) {
      RunReduceF32(context, static_cast<ReduceF32>(op), outer, length, inner, x.data(), 0.5f, out.data());
      bool near = true;
      for (int64_t i = 0; i < outer * inner; i++) {
        ExactSum sum;
        double product = 1, max = -INFINITY, min = INFINITY;
        for (int64_t n = 0; n < length; n++) {
          const double v = x[(i / inner * length + n) * inner + i % inner];
          sum.Add(op == 1 ? v * v : v);
          product *= v;
          max = std::max(max, v);
          min = std::min(min, v);
        }
        sum.value *= 0.5;
        if (op <= 1) near &= IsNear(out[i], sum);
        if (op == 2)
          near &= std::fabs(out[i] - 0.5 * product) <= 1e-6 * static_cast<double>(length) * std::fabs(product) + 1e-38;
        if (op >= 3) near &= out[i] == static_cast<float>(0.5 * (op == 3 ? max : min));
      }
      Check(near, ("reduce " + std::to_string(op)).c_str());
    }
    RunArgReduceF32(context, true, outer, length, inner, x.data(), index.data());
    RunReduceF32(context, ReduceF32::kMax, outer, length, inner, x.data(), 1, out.data());
    bool found = true;
    for (int64_t i = 0; i < outer * inner; i++) found &= x[(i / inner * length + index[i]) * inner + i % inner] == out[i];
    Check(found, "argument of the maximum");
  }
  const float with_nan[] = {1, 2, __builtin_nanf(""), 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
  float result;
  RunReduceF32(context, ReduceF32::kMax, 1, 20, 1, with_nan, 1, &result);
  Check(std::isnan(result), "maximum with NaN");
}

void Softmaxes(Context& context) {
  Random random(12);
  for (int64_t columns = 1; columns <= 70; columns += random.Integer(1, 3)) {
    const int64_t rows = random.Integer(1, 9), count = rows * columns;
    const Guarded<float> x(count), y(count), log_y(count), dy(count), dx(count), labels(count), loss(rows), dlogits(count);
    for (const Guarded<float>* values : {&x, &dy}) Fill(random, *values);
    for (int64_t i = 0; i < count; i++) labels[i] = std::fabs(random.Normal());
    for (int64_t i = 0; i < count; i++) x[i] = x[i] * 3 + 90;
    RunSoftmaxF32(context, false, x.data(), rows, columns, y.data());
    RunSoftmaxF32(context, true, x.data(), rows, columns, log_y.data());
    RunSoftmaxCrossEntropyF32(context, x.data(), labels.data(), rows, columns, loss.data(), dlogits.data());
    RunSoftmaxBackwardF32(context, false, dy.data(), y.data(), rows, columns, dx.data());
    double worst = 0;
    for (int64_t r = 0; r < rows; r++) {
      double sum = 0, dot = 0, weight = 0, total = 0;
      for (int64_t c = 0; c < columns; c++) sum += std::exp(static_cast<double>(x[r * columns + c]) - 90);
      const auto p = [&](int64_t c) { return std::exp(static_cast<double>(x[r * columns + c]) - 90) / sum; };
      for (int64_t c = 0; c < columns; c++) {
        dot += dy[r * columns + c] * p(c);
        weight += labels[r * columns + c];
        total -= labels[r * columns + c] * std::log(p(c));
      }
      for (int64_t c = 0; c < columns; c++) {
        const int64_t i = r * columns + c;
        worst = std::max({worst, std::fabs(y[i] - p(c)), std::fabs(log_y[i] - std::log(p(c))) / 20,
                          std::fabs(dx[i] - p(c) * (dy[i] - dot)),
                          std::fabs(dlogits[i] - (p(c) * weight - labels[i])) / (1 + weight)});
      }
      worst = std::max(worst, std::fabs(loss[r] - total) / (1 + total));
    }
    Check(worst < 1e-6, "softmax");
    RunSoftmaxBackwardF32(context, true, dy.data(), log_y.data(), rows, columns, dx.data());
    bool near = true;
    for (int64_t r = 0; r < rows; r++) {
      double sum = 0;
      for (int64_t c = 0; c < columns; c++) sum += dy[r * columns + c];
      for (int64_t c = 0; c < columns; c++) {
        const int64_t i = r * columns + c;
        near &= std::fabs(dx[i] - (dy[i] - std::exp(static_cast<double>(log_y[i])) * sum)) < 2e-6 * (1 + std::fabs(sum));
      }
    }
    Check(near, "gradient of log softmax");
  }
}

// Optimizer steps give the scalar kernel's bits.
void Optimizers(Context& context) {
  Random random(13);
  for (const int64_t n : {0, 1, 15, 16, 17, 33, 100}) {
    const Guarded<float> g(n), m(n), v(n), w(n);
    for (const Guarded<float>* values : {&g, &m, &v, &w}) Fill(random, *values);
    for (int64_t i = 0; i < n; i++) v[i] = std::fabs(v[i]);
    std::vector<float> m2(m.data(), m.data() + n), v2(v.data(), v.data() + n), w2(w.data(), w.data() + n);
    const AdamF32 adam = {0.01f, 0.9f, 0.999f, 1e-7f, 10, 1000};
    RunAdamF32(context, adam, g.data(), n, m.data(), v.data(), w.data());
    qk_optimizer_f32_adam__scalar(adam, g.data(), n, m2.data(), v2.data(), w2.data());
    for (const bool nesterov : {false, true}) {
      const MomentumF32 momentum = {0.1f, 0.9f, nesterov};
      RunMomentumF32(context, momentum, g.data(), n, m.data(), w.data());
      qk_optimizer_f32_momentum__scalar(momentum, g.data(), n, m2.data(), w2.data());
    }
    RunSgdF32(context, 0.3f, g.data(), n, w.data());
    qk_optimizer_f32_sgd__scalar(0.3f, g.data(), n, w2.data());
    Check(std::equal(w2.begin(), w2.end(), w.data()) && std::equal(m2.begin(), m2.end(), m.data()) &&
              std::equal(v2.begin(), v2.end(), v.data()),
          "optimizer");
  }
}

const Registration functions("elementwise_f32 functions", Functions);
const Registration exact_operations("elementwise_f32 exact operations", ExactOperations);
const Registration broadcasts("elementwise_f32 broadcasts", Broadcasts);
const Registration reductions("reduce_f32 shapes", Reductions);
const Registration softmaxes("softmax_f32 rows", Softmaxes);
const Registration optimizers("optimizer_f32 steps", Optimizers);

}  // namespace
}  // namespace qk::test
