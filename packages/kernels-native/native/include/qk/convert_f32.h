#ifndef QK_CONVERT_F32_H_
#define QK_CONVERT_F32_H_

#include <cstdint>

#include "qk/grid.h"
#include "qk/table.h"

// Float to codes and back over a block of a grid (qk/grid.h), one function per type of codes T.
//   quantize    q = saturate(round(x/scale) + zero_point), half to even, NaN gives qmin      (core's quantize to the bit)
//   dequantize  x = (q - zero_point)·scale, float32 after every step                          (core's dequantize to the bit)
//   requantize  q = saturate(round(float(acc)·scale) + zero_point): `scale` is the multiplier   (core's method `float`)
// Pre: [qmin, qmax] fits T; 16 bits at most, so that all arithmetic on codes is exact in float32.
template <class T>
using QkQuantize = void(const QkGrid& grid, const float* x, T* q);
template <class T>
using QkDequantize = void(const QkGrid& grid, const T* q, float* x);
template <class T>
using QkRequantize = void(const QkGrid& grid, const int32_t* acc, T* q);

extern "C" {
QkQuantize<int8_t> qk_convert_f32_i8__scalar, qk_convert_f32_i8__avx2, qk_convert_f32_i8__avx512vnni, qk_convert_f32_i8__neon;
QkQuantize<uint8_t> qk_convert_f32_u8__scalar, qk_convert_f32_u8__avx2, qk_convert_f32_u8__avx512vnni, qk_convert_f32_u8__neon;
QkQuantize<int16_t> qk_convert_f32_i16__scalar, qk_convert_f32_i16__avx2, qk_convert_f32_i16__avx512vnni,
    qk_convert_f32_i16__neon;
QkQuantize<uint16_t> qk_convert_f32_u16__scalar, qk_convert_f32_u16__avx2, qk_convert_f32_u16__avx512vnni,
    qk_convert_f32_u16__neon;
QkDequantize<int8_t> qk_convert_f32_from_i8__scalar, qk_convert_f32_from_i8__avx2, qk_convert_f32_from_i8__avx512vnni,
    qk_convert_f32_from_i8__neon;
QkDequantize<uint8_t> qk_convert_f32_from_u8__scalar, qk_convert_f32_from_u8__avx2, qk_convert_f32_from_u8__avx512vnni,
    qk_convert_f32_from_u8__neon;
QkDequantize<int16_t> qk_convert_f32_from_i16__scalar, qk_convert_f32_from_i16__avx2, qk_convert_f32_from_i16__avx512vnni,
    qk_convert_f32_from_i16__neon;
QkDequantize<uint16_t> qk_convert_f32_from_u16__scalar, qk_convert_f32_from_u16__avx2, qk_convert_f32_from_u16__avx512vnni,
    qk_convert_f32_from_u16__neon;
QkRequantize<int8_t> qk_convert_f32_acc_i8__scalar, qk_convert_f32_acc_i8__avx2, qk_convert_f32_acc_i8__avx512vnni,
    qk_convert_f32_acc_i8__neon;
QkRequantize<uint8_t> qk_convert_f32_acc_u8__scalar, qk_convert_f32_acc_u8__avx2, qk_convert_f32_acc_u8__avx512vnni,
    qk_convert_f32_acc_u8__neon;
QkRequantize<int16_t> qk_convert_f32_acc_i16__scalar, qk_convert_f32_acc_i16__avx2, qk_convert_f32_acc_i16__avx512vnni,
    qk_convert_f32_acc_i16__neon;
QkRequantize<uint16_t> qk_convert_f32_acc_u16__scalar, qk_convert_f32_acc_u16__avx2, qk_convert_f32_acc_u16__avx512vnni,
    qk_convert_f32_acc_u16__neon;
}

namespace qk {

// Everything for one type of codes.
template <class T>
struct ConvertF32Codes {
  Op<QkQuantize<T>*> quantize;
  Op<QkDequantize<T>*> dequantize;
  Op<QkRequantize<T>*> requantize;
};

struct ConvertF32Table {
  ConvertF32Codes<int8_t> i8;
  ConvertF32Codes<uint8_t> u8;
  ConvertF32Codes<int16_t> i16;
  ConvertF32Codes<uint16_t> u16;
};

const ConvertF32Table& ConvertF32Tables(Tier tier);
void VisitConvertF32(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_CONVERT_F32_H_
