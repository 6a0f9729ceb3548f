#include "../simd/lanes_avx512.h"
#include "lanes.h"

void qk_convert_f32_i8__avx512vnni(const QkGrid& grid, const float* x, int8_t* q) { Quantize(grid, x, q); }
void qk_convert_f32_u8__avx512vnni(const QkGrid& grid, const float* x, uint8_t* q) { Quantize(grid, x, q); }
void qk_convert_f32_i16__avx512vnni(const QkGrid& grid, const float* x, int16_t* q) { Quantize(grid, x, q); }
void qk_convert_f32_u16__avx512vnni(const QkGrid& grid, const float* x, uint16_t* q) { Quantize(grid, x, q); }

void qk_convert_f32_from_i8__avx512vnni(const QkGrid& grid, const int8_t* q, float* x) { Dequantize(grid, q, x); }
void qk_convert_f32_from_u8__avx512vnni(const QkGrid& grid, const uint8_t* q, float* x) { Dequantize(grid, q, x); }
void qk_convert_f32_from_i16__avx512vnni(const QkGrid& grid, const int16_t* q, float* x) { Dequantize(grid, q, x); }
void qk_convert_f32_from_u16__avx512vnni(const QkGrid& grid, const uint16_t* q, float* x) { Dequantize(grid, q, x); }

void qk_convert_f32_acc_i8__avx512vnni(const QkGrid& grid, const int32_t* acc, int8_t* q) { Requantize(grid, acc, q); }
void qk_convert_f32_acc_u8__avx512vnni(const QkGrid& grid, const int32_t* acc, uint8_t* q) { Requantize(grid, acc, q); }
void qk_convert_f32_acc_i16__avx512vnni(const QkGrid& grid, const int32_t* acc, int16_t* q) { Requantize(grid, acc, q); }
void qk_convert_f32_acc_u16__avx512vnni(const QkGrid& grid, const int32_t* acc, uint16_t* q) { Requantize(grid, acc, q); }
