#include <immintrin.h>

#include "qk/gemm_f32.h"

// Method: blocks of 8 x 8 in registers: pairs of rows interleaved as floats, then as doubles, then by halves.

namespace {

void TransposeBlock(const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  __m256 row[8], pair[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) row[i] = _mm256_loadu_ps(x + i * x_stride);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    const __m256d a = _mm256_castps_pd(pair[i]), b = _mm256_castps_pd(pair[i + 2]);
    const __m256d c = _mm256_castps_pd(pair[i + 1]), d = _mm256_castps_pd(pair[i + 3]);
    row[i] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
    row[i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
    row[i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(c, d));
    row[i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(c, d));
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    _mm256_storeu_ps(y + j * y_stride, _mm256_permute2f128_ps(row[j], row[4 + j], 0x20));
    _mm256_storeu_ps(y + (4 + j) * y_stride, _mm256_permute2f128_ps(row[j], row[4 + j], 0x31));
  }
}

}  // namespace

void qk_transpose_f32__avx2(const float* x, int64_t x_stride, int64_t rows, int64_t columns, float* y, int64_t y_stride) {
  const int64_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  for (int64_t c = 0; c < whole_columns; c += 8) {
    for (int64_t r = 0; r < whole_rows; r += 8) TransposeBlock(x + r * x_stride + c, x_stride, y + c * y_stride + r, y_stride);
  }
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; r++) y[c * y_stride + r] = x[r * x_stride + c];
  }
}
