#include <algorithm>
#include <cmath>

#include "qk/batch_norm_f32.h"
#include "qk/context.h"

// Few channels are folded: x[rows][channels] is read as [rows / fold][fold * channels], so that a row fills whole registers.
// Sums over blocks of kBlockFloats run in float, the blocks are added in double in their order: the same bits for any number
// of threads.

namespace qk {
namespace {

constexpr int64_t kFoldedChannels = 64;
constexpr int64_t kBlockFloats = 32 * 1024;
constexpr int64_t kEstimateRows = 64;

// Blocks of folded rows, and the few rows behind them that do not fill one.
struct Blocks {
  int64_t fold, width;               // width = fold * channels
  int64_t rows, block_rows, blocks;  // folded rows
  int64_t tail;                      // rows of x
};

Blocks MakeBlocks(int64_t rows, int64_t channels) {
  Blocks b;
  b.fold = std::clamp<int64_t>(kFoldedChannels / channels, 1, std::max<int64_t>(rows, 1));
  b.width = b.fold * channels;
  b.rows = rows / b.fold;
  b.tail = rows % b.fold;
  b.block_rows = std::max<int64_t>(kBlockFloats / b.width, 1);
  b.blocks = (b.rows + b.block_rows - 1) / b.block_rows;
  return b;
}

// values[channels] repeated `fold` times.
void Repeat(const float* values, int64_t channels, int64_t fold, float* out) {
  for (int64_t i = 0; i < fold; i++) std::copy_n(values, channels, out + i * channels);
}

// Adds partial[blocks][2][width], and the tail's [2][channels] behind it, to sums[2][channels].
void AddBlocks(const Blocks& b, int64_t channels, const float* partial, double* sums) {
  std::fill_n(sums, 2 * channels, 0.0);
  for (int64_t block = 0; block < b.blocks; block++) {
    for (int64_t kind = 0; kind < 2; kind++) {
      const float* from = partial + (2 * block + kind) * b.width;
      double* to = sums + kind * channels;
      for (int64_t f = 0; f < b.fold; f++) {
        for (int64_t c = 0; c < channels; c++) to[c] += from[f * channels + c];
      }
    }
  }
  const float* tail = partial + 2 * b.blocks * b.width;
  for (int64_t i = 0; i < 2 * channels; i++) sums[i] += tail[i];
}

// Runs body(first row of x, folded rows, width, per-channel parameters are folded, slot) over all blocks, then over the tail.
template <class Body>
void ForBlocks(ThreadPool& pool, const Blocks& b, Body body) {
  pool.ParallelFor(b.blocks, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      body(i * b.block_rows * b.fold, std::min(b.block_rows, b.rows - i * b.block_rows), b.width, i);
    }
  });
  body(b.rows * b.fold, b.tail, b.width / b.fold, b.blocks);
}

}  // namespace

Status MomentsF32(Context& context, int64_t rows, int64_t channels, const float* x, float* mean, float* variance) {
  if (channels == 0) return Status::kOk;
  const BatchNormF32Table& table = BatchNormF32Tables(context.tier());
  const Blocks b = MakeBlocks(rows, channels);
  Scratch scratch(context);
  float* shift = scratch.Take<float>(static_cast<size_t>(b.width));
  float* partial = scratch.Take<float>(static_cast<size_t>(2 * (b.blocks + 1) * b.width));
  double* sums = scratch.Take<double>(static_cast<size_t>(2 * channels));
  if (shift == nullptr || partial == nullptr || sums == nullptr) return Status::kOutOfMemory;

  // Values far from zero would cancel in the variance: sum around the mean of the first rows.
  const int64_t estimate_rows = std::min(rows, kEstimateRows);
  std::fill_n(shift, channels, 0.0f);
  table.sums.run(x, estimate_rows, channels, shift, partial, partial + channels);
  const float part = estimate_rows > 0 ? 1.0f / static_cast<float>(estimate_rows) : 0.0f;
  for (int64_t c = 0; c < channels; c++) shift[c] = std::isfinite(partial[c]) ? partial[c] * part : 0.0f;
  for (int64_t f = 1; f < b.fold; f++) std::copy_n(shift, channels, shift + f * channels);

  ForBlocks(context.pool(), b, [&](int64_t row, int64_t count, int64_t width, int64_t slot) {
    float* out = partial + 2 * slot * b.width;
    table.sums.run(x + row * channels, count, width, shift, out, out + width);
  });
  AddBlocks(b, channels, partial, sums);
  const double n = static_cast<double>(rows);
  for (int64_t c = 0; c < channels; c++) {
    const double centre = sums[c] / n, square = sums[channels + c] / n;
    mean[c] = static_cast<float>(shift[c] + centre);
    variance[c] = static_cast<float>(square - centre * centre > 0 || std::isnan(square) ? square - centre * centre : 0);
  }
  return Status::kOk;
}

Status BatchNormF32(Context& context, const BatchNormF32Apply& call) {
  if (call.channels == 0 || call.rows == 0) return Status::kOk;
  const BatchNormF32Table& table = BatchNormF32Tables(context.tier());
  const int64_t channels = call.channels;
  const Blocks b = MakeBlocks(call.rows, channels);
  Scratch scratch(context);
  float* parameters = scratch.Take<float>(static_cast<size_t>(3 * b.width));
  if (parameters == nullptr) return Status::kOutOfMemory;
  float *mean = parameters, *scale = mean + b.width, *offset = scale + b.width;
  for (int64_t c = 0; c < channels; c++) {
    mean[c] = call.mean[c];
    scale[c] = (call.gamma != nullptr ? call.gamma[c] : 1.0f) / std::sqrt(call.variance[c] + call.epsilon);
    offset[c] = call.beta != nullptr ? call.beta[c] : 0.0f;
  }
  for (float* values : {mean, scale, offset}) Repeat(values, channels, b.fold, values);
  ForBlocks(context.pool(), b, [&](int64_t row, int64_t count, int64_t width, int64_t) {
    const int64_t at = row * channels;
    const float* residual = call.residual != nullptr ? call.residual + at : nullptr;
    table.apply.run(call.x + at, count, width, mean, scale, offset, residual, call.minimum, call.maximum, call.y + at);
  });
  return Status::kOk;
}

Status BatchNormBackwardF32(Context& context, const BatchNormF32Gradient& call) {
  if (call.channels == 0) return Status::kOk;
  const BatchNormF32Table& table = BatchNormF32Tables(context.tier());
  const int64_t channels = call.channels;
  const Blocks b = MakeBlocks(call.rows, channels);
  Scratch scratch(context);
  float* parameters = scratch.Take<float>(static_cast<size_t>(4 * b.width));
  float* partial = scratch.Take<float>(static_cast<size_t>(2 * (b.blocks + 1) * b.width));
  double* sums = scratch.Take<double>(static_cast<size_t>(2 * channels));
  if (parameters == nullptr || partial == nullptr || sums == nullptr) return Status::kOutOfMemory;
  float *mean = parameters, *base = mean + b.width, *slope = base + b.width, *scale = slope + b.width;
  Repeat(call.mean, channels, b.fold, mean);

  ForBlocks(context.pool(), b, [&](int64_t row, int64_t count, int64_t width, int64_t slot) {
    const int64_t at = row * channels;
    float* out = partial + 2 * slot * b.width;
    const float* y = call.y != nullptr ? call.y + at : nullptr;
    table.gradient_sums.run(call.dy + at, call.x + at, y, count, width, mean, out, out + width);
  });
  AddBlocks(b, channels, partial, sums);
  const double n = static_cast<double>(std::max<int64_t>(call.rows, 1));
  for (int64_t c = 0; c < channels; c++) {
    const double inverse = 1.0 / std::sqrt(static_cast<double>(call.variance[c]) + static_cast<double>(call.epsilon));
    if (call.dbeta != nullptr) call.dbeta[c] = static_cast<float>(sums[c]);
    if (call.dgamma != nullptr) call.dgamma[c] = static_cast<float>(sums[channels + c] * inverse);
    base[c] = static_cast<float>(sums[c] / n);
    slope[c] = static_cast<float>(sums[channels + c] * inverse * inverse / n);
    scale[c] = static_cast<float>((call.gamma != nullptr ? static_cast<double>(call.gamma[c]) : 1.0) * inverse);
  }
  for (float* values : {base, slope, scale}) Repeat(values, channels, b.fold, values);
  ForBlocks(context.pool(), b, [&](int64_t row, int64_t count, int64_t width, int64_t) {
    const int64_t at = row * channels;
    const float* y = call.y != nullptr ? call.y + at : nullptr;
    table.gradient.run(call.dy + at, call.x + at, y, count, width, mean, base, slope, scale, call.dx + at);
  });
  return Status::kOk;
}

}  // namespace qk
