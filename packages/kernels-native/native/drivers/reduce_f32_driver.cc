#include <algorithm>
#include <cmath>

#include "qk/context.h"
#include "qk/reduce_f32.h"

namespace qk {
namespace {

constexpr int64_t kBlockFloats = 32 * 1024;
constexpr int64_t kFoldedColumns = 64;

double Neutral(ReduceF32 op) {
  switch (op) {
    case ReduceF32::kProduct:
      return 1;
    case ReduceF32::kMax:
      return -HUGE_VAL;
    case ReduceF32::kMin:
      return HUGE_VAL;
    default:
      return 0;
  }
}

double Join(ReduceF32 op, double a, double b) {
  switch (op) {
    case ReduceF32::kProduct:
      return a * b;
    case ReduceF32::kMax:
      return b > a || std::isnan(b) ? b : a;
    case ReduceF32::kMin:
      return b < a || std::isnan(b) ? b : a;
    default:
      return a + b;
  }
}

// x[outer][length] along contiguous runs: whole runs per task, or a run in blocks.
Status ReduceRuns(Context& context, const ReduceF32Table& table, ReduceF32 op, int64_t outer, int64_t length, const float* x,
                  float scale, float* out) {
  const int64_t blocks = std::max<int64_t>((length + kBlockFloats - 1) / kBlockFloats, 1);
  if (blocks == 1) {
    const int64_t grain = std::max<int64_t>(kBlockFloats / std::max<int64_t>(length, 1), 1);
    context.pool().ParallelFor(outer, grain, [&](int64_t begin, int64_t end, int) {
      for (int64_t o = begin; o < end; o++) out[o] = scale * table.run.run(op, x + o * length, length);
    });
    return Status::kOk;
  }
  Scratch scratch(context);
  float* partial = scratch.Take<float>(static_cast<size_t>(outer * blocks));
  if (partial == nullptr) return Status::kOutOfMemory;
  context.pool().ParallelFor(outer * blocks, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = i % blocks * kBlockFloats;
      partial[i] = table.run.run(op, x + i / blocks * length + first, std::min(kBlockFloats, length - first));
    }
  });
  for (int64_t o = 0; o < outer; o++) {
    double joined = Neutral(op);
    for (int64_t b = 0; b < blocks; b++) joined = Join(op, joined, partial[o * blocks + b]);
    out[o] = static_cast<float>(scale * joined);
  }
  return Status::kOk;
}

// x[outer][length][inner] down the columns. Few columns are folded: several rows are read as one wide row.
Status ReduceColumns(Context& context, const ReduceF32Table& table, ReduceF32 op, int64_t outer, int64_t length, int64_t inner,
                     const float* x, float scale, float* out) {
  const int64_t fold = std::clamp<int64_t>(kFoldedColumns / inner, 1, length);
  const int64_t width = fold * inner, rows = length / fold, tail = length % fold;
  const int64_t block_rows = std::max<int64_t>(kBlockFloats / width, 1), blocks = (rows + block_rows - 1) / block_rows;
  Scratch scratch(context);
  float* partial = scratch.Take<float>(static_cast<size_t>(outer * blocks * width));
  if (partial == nullptr) return Status::kOutOfMemory;
  const float neutral = static_cast<float>(Neutral(op));
  const int64_t grain = std::max<int64_t>(kBlockFloats / std::max<int64_t>(length * inner, 1), 1);
  context.pool().ParallelFor(outer * blocks, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = i % blocks * block_rows, count = std::min(block_rows, rows - first);
      float* accumulator = partial + i * width;
      std::fill_n(accumulator, width, neutral);
      table.columns.run(op, x + i / blocks * length * inner + first * width, count, width, accumulator);
    }
  });
  context.pool().ParallelFor(outer, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; o++) {
      for (int64_t c = 0; c < inner; c++) {
        double joined = Neutral(op);
        for (int64_t b = 0; b < blocks; b++) {
          for (int64_t f = 0; f < fold; f++) joined = Join(op, joined, partial[(o * blocks + b) * width + f * inner + c]);
        }
        for (int64_t r = length - tail; r < length; r++) {
          const double value = x[(o * length + r) * inner + c];
          joined = Join(op, joined, op == ReduceF32::kSumSquares ? value * value : value);
        }
        out[o * inner + c] = static_cast<float>(scale * joined);
      }
    }
  });
  return Status::kOk;
}

}  // namespace

Status RunReduceF32(Context& context, ReduceF32 op, int64_t outer, int64_t length, int64_t inner, const float* x, float scale,
                    float* out) {
  if (outer == 0 || inner == 0) return Status::kOk;
  const ReduceF32Table& table = ReduceF32Tables(context.tier());
  if (length == 0) {
    std::fill_n(out, outer * inner, static_cast<float>(scale * Neutral(op)));
    return Status::kOk;
  }
  if (inner == 1) return ReduceRuns(context, table, op, outer, length, x, scale, out);
  return ReduceColumns(context, table, op, outer, length, inner, x, scale, out);
}

Status RunArgReduceF32(Context& context, bool largest, int64_t outer, int64_t length, int64_t inner, const float* x,
                       int32_t* out) {
  const int64_t grain = std::max<int64_t>(kBlockFloats / std::max<int64_t>(length * inner, 1), 1);
  context.pool().ParallelFor(outer, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; o++) {
      for (int64_t i = 0; i < inner; i++) {
        const float* from = x + o * length * inner + i;
        int64_t best = 0;
        for (int64_t n = 1; n < length && !std::isnan(from[best * inner]); n++) {
          const float value = from[n * inner], record = from[best * inner];
          if (std::isnan(value) || (largest ? value > record : value < record)) best = n;
        }
        out[o * inner + i] = static_cast<int32_t>(best);
      }
    }
  });
  return Status::kOk;
}

}  // namespace qk
