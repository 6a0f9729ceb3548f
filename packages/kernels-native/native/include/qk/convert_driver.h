#ifndef QK_CONVERT_DRIVER_H_
#define QK_CONVERT_DRIVER_H_

#include "qk/context.h"
#include "qk/grid_params.h"
#include "qk/types.h"

namespace qk {

// Formulas: qk/convert_f32.h. T is int8_t, uint8_t, int16_t or uint16_t.
template <class T>
Status Quantize(Context& context, const GridParams& grid, const float* x, T* q);
template <class T>
Status Dequantize(Context& context, const GridParams& grid, const T* q, float* x);
template <class T>
Status Requantize(Context& context, const GridParams& grid, const int32_t* acc, T* q);

// Integer arithmetic alone, M[g] = multiplier[g]·2^(exponent[g] - 31), 0 <= multiplier < 2^31, -31 <= exponent <= 14:
//   twice  RDBPOT(SRDHM(saturate(acc·2^max(e, 0)), multiplier), max(-e, 0)): gemmlowp and TFLite, rounds twice
//   once   saturate(floor((acc·multiplier + 2^(30 - e)) / 2^(31 - e))): TFLite's single-rounding build
// then q = clamp(that + zero_point, qmin, qmax): core's multiplyTwice and multiplyOnce to the bit.
struct FixedPointParams {
  Layout layout;
  bool rounds_twice;
  const int32_t* multiplier;  // [layout.parameters()]
  const int32_t* exponent;
  int32_t zero_point;
  int32_t qmin;
  int32_t qmax;
};
template <class T>
Status RequantizeFixedPoint(Context& context, const FixedPointParams& params, const int32_t* acc, T* q);

// 16-bit floats and back; formulas: qk/half_f32.h.
enum class HalfFormat : int32_t { kFloat16, kBfloat16 };
Status ToHalf(Context& context, HalfFormat format, const float* x, int64_t n, uint16_t* half);
Status FromHalf(Context& context, HalfFormat format, const uint16_t* half, int64_t n, float* x);

// Codes of 1, 2, 4 or 8 bits to bytes and back; layout: qk/bit_pack.h. `bad` receives the index of the first code that does not
// fit, or -1; `bytes` is then not complete.
Status PackCodes(Context& context, const uint8_t* codes, int64_t n, int bits, bool is_signed, uint8_t* bytes, int64_t* bad);
Status UnpackCodes(Context& context, const uint8_t* bytes, int64_t n, int bits, bool is_signed, uint8_t* codes);

}  // namespace qk

#endif  // QK_CONVERT_DRIVER_H_
