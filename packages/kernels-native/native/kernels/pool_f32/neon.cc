#include "../simd/f32x4_neon.h"
#include "pool_simd.h"

void qk_pool_f32_max__neon(const float* const* taps, int64_t count, int64_t channels, float* y) {
  PoolMax(taps, count, channels, y);
}

void qk_pool_f32_sum__neon(const float* const* taps, int64_t count, int64_t channels, float scale, float* y) {
  PoolSum(taps, count, channels, scale, y);
}

void qk_pool_f32_max_gradient__neon(const float* const* taps, const float* y, const float* dy, int64_t count, int64_t channels,
                                    float* const* dtaps) {
  PoolMaxGradient(taps, y, dy, count, channels, dtaps);
}

void qk_pool_f32_sum_gradient__neon(const float* dy, int64_t count, int64_t channels, float scale, float* const* dtaps) {
  PoolSumGradient(dy, count, channels, scale, dtaps);
}
