#include <algorithm>

#include "qk/context.h"
#include "qk/softmax_f32.h"

namespace qk {
namespace {

constexpr int64_t kGrain = 16 * 1024;  // elements per task

int64_t GrainRows(int64_t columns) { return std::max<int64_t>(kGrain / std::max<int64_t>(columns, 1), 1); }

}  // namespace

Status RunSoftmaxF32(Context& context, bool logarithm, const float* x, int64_t rows, int64_t columns, float* y) {
  if (columns == 0) return Status::kOk;
  const SoftmaxF32Table& table = SoftmaxF32Tables(context.tier());
  const auto run = logarithm ? table.log.run : table.softmax.run;
  context.pool().ParallelFor(rows, GrainRows(columns), [&](int64_t begin, int64_t end, int) {
    run(x + begin * columns, end - begin, columns, y + begin * columns);
  });
  return Status::kOk;
}

Status RunSoftmaxBackwardF32(Context& context, bool logarithm, const float* dy, const float* y, int64_t rows, int64_t columns,
                             float* dx) {
  if (columns == 0) return Status::kOk;
  const SoftmaxF32Table& table = SoftmaxF32Tables(context.tier());
  const auto run = logarithm ? table.log_gradient.run : table.gradient.run;
  context.pool().ParallelFor(rows, GrainRows(columns), [&](int64_t begin, int64_t end, int) {
    const int64_t at = begin * columns;
    run(dy + at, y + at, end - begin, columns, dx + at);
  });
  return Status::kOk;
}

Status RunSoftmaxCrossEntropyF32(Context& context, const float* logits, const float* labels, int64_t rows, int64_t columns,
                                 float* loss, float* dlogits) {
  if (columns == 0) {
    std::fill_n(loss, rows, 0.0f);
    return Status::kOk;
  }
  const SoftmaxF32Table& table = SoftmaxF32Tables(context.tier());
  context.pool().ParallelFor(rows, GrainRows(columns), [&](int64_t begin, int64_t end, int) {
    const int64_t at = begin * columns;
    table.cross_entropy.run(logits + at, labels + at, end - begin, columns, loss + begin,
                            dlogits != nullptr ? dlogits + at : nullptr);
  });
  return Status::kOk;
}

}  // namespace qk
