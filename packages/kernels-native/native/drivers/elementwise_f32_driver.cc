#include <algorithm>

#include "qk/context.h"
#include "qk/elementwise_f32.h"

// Two operands are walked as runs along the innermost dimension. A short run of an operand that repeats with the dimension
// outside it (a bias over the channels of every pixel) is copied side by side until it is long enough for the kernels.

namespace qk {
namespace {

constexpr int64_t kGrain = 32 * 1024;  // elements per task
constexpr int64_t kShortRun = 512;     // runs below this are joined where they can be
constexpr int64_t kJoinedRun = 2048;

// Rows of runs: `count` runs of `length`, at the offsets of an odometer over the outer dimensions.
struct Runs {
  Broadcast shape;  // the innermost dimension is the run
  int64_t count, length;
  Operands operands;
  const float* a;
  const float* b;
};

Operands OperandsOf(const Broadcast& s) {
  const int64_t inner = s.rank - 1;
  if (s.a_strides[inner] == 0) return Operands::kFirstIsNumber;
  return s.b_strides[inner] == 0 ? Operands::kSecondIsNumber : Operands::kArrays;
}

// Copies of one run side by side.
const float* Repeat(Scratch& scratch, const float* run, int64_t length, int64_t times) {
  float* out = scratch.Take<float>(static_cast<size_t>(length * times));
  for (int64_t i = 0; out != nullptr && i < times; i++) std::copy_n(run, length, out + i * length);
  return out;
}

// Joins runs of the two innermost dimensions when one operand is the same run every time and the other one has no gaps.
// Returns false when memory is short.
bool JoinShortRuns(Scratch& scratch, Runs& runs) {
  Broadcast& s = runs.shape;
  if (s.rank != 2 || runs.length >= kShortRun || runs.operands != Operands::kArrays) return true;
  const bool repeats_a = s.a_strides[0] == 0 && s.b_strides[0] == runs.length;
  const bool repeats_b = s.b_strides[0] == 0 && s.a_strides[0] == runs.length;
  if (!repeats_a && !repeats_b) return true;
  const int64_t times = std::min(kJoinedRun / runs.length, s.sizes[0]);
  const float*& repeated = repeats_a ? runs.a : runs.b;
  repeated = Repeat(scratch, repeated, runs.length, times);
  runs.length *= times;
  const int64_t total = s.sizes[0] * s.sizes[1];
  runs.count = (total + runs.length - 1) / runs.length;
  s.sizes[0] = runs.count;
  s.sizes[1] = runs.length;
  (repeats_a ? s.b_strides : s.a_strides)[0] = runs.length;
  return repeated != nullptr;
}

// Calls body(a, b, elements, offset in y) for every run of every task.
template <class Body>
Status ForRuns(Context& context, const Broadcast& shape, const float* a, const float* b, Body body) {
  int64_t total = 1;
  for (int64_t d = 0; d < shape.rank; d++) total *= shape.sizes[d];
  if (total == 0) return Status::kOk;
  Runs runs = {shape, total / shape.sizes[shape.rank - 1], shape.sizes[shape.rank - 1], OperandsOf(shape), a, b};
  if (runs.count == 1) {
    const int64_t a_step = runs.operands == Operands::kFirstIsNumber ? 0 : 1;
    const int64_t b_step = runs.operands == Operands::kSecondIsNumber ? 0 : 1;
    context.pool().ParallelFor(total, kGrain, [&](int64_t begin, int64_t end, int) {
      body(a + begin * a_step, b + begin * b_step, end - begin, runs.operands, begin);
    });
    return Status::kOk;
  }
  Scratch scratch(context);
  if (!JoinShortRuns(scratch, runs)) return Status::kOutOfMemory;
  const Broadcast& s = runs.shape;
  context.pool().ParallelFor(runs.count, std::max<int64_t>(kGrain / runs.length, 1), [&](int64_t begin, int64_t end, int) {
    int64_t index[kMostDimensions] = {}, a_at = 0, b_at = 0, rest = begin;
    for (int64_t d = s.rank - 2; d >= 0; d--) {
      index[d] = rest % s.sizes[d];
      rest /= s.sizes[d];
      a_at += index[d] * s.a_strides[d];
      b_at += index[d] * s.b_strides[d];
    }
    for (int64_t i = begin; i < end; i++) {
      const int64_t at = i * runs.length;
      body(runs.a + a_at, runs.b + b_at, std::min(runs.length, total - at), runs.operands, at);
      for (int64_t d = s.rank - 2; d >= 0; d--) {
        a_at += s.a_strides[d];
        b_at += s.b_strides[d];
        if (++index[d] < s.sizes[d]) break;
        a_at -= s.sizes[d] * s.a_strides[d];
        b_at -= s.sizes[d] * s.b_strides[d];
        index[d] = 0;
      }
    }
  });
  return Status::kOk;
}

}  // namespace

Status RunUnaryF32(Context& context, UnaryF32 op, const float* x, int64_t n, float a, float b, float* y) {
  const ElementwiseF32Table& table = ElementwiseF32Tables(context.tier());
  context.pool().ParallelFor(
      n, kGrain, [&](int64_t begin, int64_t end, int) { table.unary.run(op, x + begin, end - begin, a, b, y + begin); });
  return Status::kOk;
}

Status RunBinaryF32(Context& context, BinaryF32 op, const Broadcast& shape, const float* a, const float* b, float parameter,
                    float limit, float* y) {
  const ElementwiseF32Table& table = ElementwiseF32Tables(context.tier());
  return ForRuns(context, shape, a, b, [&](const float* u, const float* v, int64_t n, Operands operands, int64_t at) {
    table.binary.run(op, u, v, n, operands, parameter, limit, y + at);
  });
}

Status RunCompareF32(Context& context, CompareF32 op, const Broadcast& shape, const float* a, const float* b, uint8_t* y) {
  const ElementwiseF32Table& table = ElementwiseF32Tables(context.tier());
  return ForRuns(context, shape, a, b, [&](const float* u, const float* v, int64_t n, Operands operands, int64_t at) {
    table.compare.run(op, u, v, n, operands, y + at);
  });
}

Status RunSelectF32(Context& context, const uint8_t* condition, const float* a, const float* b, int64_t n, float* y) {
  const ElementwiseF32Table& table = ElementwiseF32Tables(context.tier());
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) {
    table.select.run(condition + begin, a + begin, b + begin, end - begin, y + begin);
  });
  return Status::kOk;
}

}  // namespace qk
