#include <cstdint>

#include "qk/minmax_f32.h"

namespace {

constexpr float kInfinity = __builtin_inff();

// min_f32, max_f32 over finite values; v - v is NaN for NaN and infinities.
int64_t Update(float v, float* min, float* max) {
  if (v - v != 0) return 1;
  if (v < *min) *min = v;
  if (v > *max) *max = v;
  return 0;
}

}  // namespace

int64_t qk_minmax_f32_run__scalar(const float* x, int64_t n, float* min, float* max) {
  *min = kInfinity;
  *max = -kInfinity;
  int64_t bad = 0;
  for (int64_t i = 0; i < n; i++) bad += Update(x[i], min, max);
  return bad;
}

int64_t qk_minmax_f32_columns__scalar(const float* x, int64_t rows, int64_t columns, float* min, float* max) {
  int64_t bad = 0;
  for (int64_t r = 0; r < rows; r++, x += columns) {
    for (int64_t c = 0; c < columns; c++) bad += Update(x[c], min + c, max + c);
  }
  return bad;
}
