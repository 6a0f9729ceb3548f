#include <immintrin.h>

#include "qk/gemm_f32.h"

// Method: blocks of 16 x 16 in registers: pairs of rows interleaved as floats, then as doubles, then by 128-bit quarters.

namespace {

void TransposeBlock(const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  __m512 row[16], pair[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) row[i] = _mm512_loadu_ps(x + i * x_stride);
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    pair[i] = _mm512_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_ps(row[i], row[i + 1]);
  }
  // row[4 g + j], quarter q: column 4 q + j of rows 4 g .. 4 g + 3
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    const __m512d a = _mm512_castps_pd(pair[i]), b = _mm512_castps_pd(pair[i + 2]);
    const __m512d c = _mm512_castps_pd(pair[i + 1]), d = _mm512_castps_pd(pair[i + 3]);
    row[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
    row[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    row[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d));
    row[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    const __m512 low_01 = _mm512_shuffle_f32x4(row[j], row[4 + j], 0x88),
                 high_01 = _mm512_shuffle_f32x4(row[j], row[4 + j], 0xdd);
    const __m512 low_23 = _mm512_shuffle_f32x4(row[8 + j], row[12 + j], 0x88);
    const __m512 high_23 = _mm512_shuffle_f32x4(row[8 + j], row[12 + j], 0xdd);
    _mm512_storeu_ps(y + j * y_stride, _mm512_shuffle_f32x4(low_01, low_23, 0x88));
    _mm512_storeu_ps(y + (4 + j) * y_stride, _mm512_shuffle_f32x4(high_01, high_23, 0x88));
    _mm512_storeu_ps(y + (8 + j) * y_stride, _mm512_shuffle_f32x4(low_01, low_23, 0xdd));
    _mm512_storeu_ps(y + (12 + j) * y_stride, _mm512_shuffle_f32x4(high_01, high_23, 0xdd));
  }
}

}  // namespace

void qk_transpose_f32__avx512vnni(const float* x, int64_t x_stride, int64_t rows, int64_t columns, float* y, int64_t y_stride) {
  const int64_t whole_rows = rows / 16 * 16, whole_columns = columns / 16 * 16;
  for (int64_t c = 0; c < whole_columns; c += 16) {
    for (int64_t r = 0; r < whole_rows; r += 16) TransposeBlock(x + r * x_stride + c, x_stride, y + c * y_stride + r, y_stride);
  }
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; r++) y[c * y_stride + r] = x[r * x_stride + c];
  }
}
