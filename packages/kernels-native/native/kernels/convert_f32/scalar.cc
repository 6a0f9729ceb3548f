#include <cstdint>

#include "qk/convert_f32.h"

namespace {

// Calls visit(index, parameter) for every value of the block.
template <class Visit>
void ForEach(const QkGrid& grid, Visit visit) {
  for (int64_t r = 0, i = 0; r < grid.rows; r++) {
    for (int64_t c = 0; c < grid.columns; c++, i++) visit(i, grid.is_shared ? 0 : c);
  }
}

// NaN gives qmin.
template <class T>
T Saturate(const QkGrid& grid, int64_t p, float v) {
  const float code = __builtin_rintf(v) + grid.zero_point[p];
  return static_cast<T>(code > grid.qmax ? grid.qmax : code >= grid.qmin ? code : grid.qmin);
}

template <class T>
void Quantize(const QkGrid& grid, const float* x, T* q) {
  ForEach(grid, [=, &grid](int64_t i, int64_t p) { q[i] = Saturate<T>(grid, p, x[i] / grid.scale[p]); });
}

template <class T>
void Dequantize(const QkGrid& grid, const T* q, float* x) {
  ForEach(grid, [=, &grid](int64_t i, int64_t p) { x[i] = (static_cast<float>(q[i]) - grid.zero_point[p]) * grid.scale[p]; });
}

template <class T>
void Requantize(const QkGrid& grid, const int32_t* acc, T* q) {
  ForEach(grid, [=, &grid](int64_t i, int64_t p) { q[i] = Saturate<T>(grid, p, static_cast<float>(acc[i]) * grid.scale[p]); });
}

}  // namespace

void qk_convert_f32_i8__scalar(const QkGrid& grid, const float* x, int8_t* q) { Quantize(grid, x, q); }
void qk_convert_f32_u8__scalar(const QkGrid& grid, const float* x, uint8_t* q) { Quantize(grid, x, q); }
void qk_convert_f32_i16__scalar(const QkGrid& grid, const float* x, int16_t* q) { Quantize(grid, x, q); }
void qk_convert_f32_u16__scalar(const QkGrid& grid, const float* x, uint16_t* q) { Quantize(grid, x, q); }

void qk_convert_f32_from_i8__scalar(const QkGrid& grid, const int8_t* q, float* x) { Dequantize(grid, q, x); }
void qk_convert_f32_from_u8__scalar(const QkGrid& grid, const uint8_t* q, float* x) { Dequantize(grid, q, x); }
void qk_convert_f32_from_i16__scalar(const QkGrid& grid, const int16_t* q, float* x) { Dequantize(grid, q, x); }
void qk_convert_f32_from_u16__scalar(const QkGrid& grid, const uint16_t* q, float* x) { Dequantize(grid, q, x); }

void qk_convert_f32_acc_i8__scalar(const QkGrid& grid, const int32_t* acc, int8_t* q) { Requantize(grid, acc, q); }
void qk_convert_f32_acc_u8__scalar(const QkGrid& grid, const int32_t* acc, uint8_t* q) { Requantize(grid, acc, q); }
void qk_convert_f32_acc_i16__scalar(const QkGrid& grid, const int32_t* acc, int16_t* q) { Requantize(grid, acc, q); }
void qk_convert_f32_acc_u16__scalar(const QkGrid& grid, const int32_t* acc, uint16_t* q) { Requantize(grid, acc, q); }
