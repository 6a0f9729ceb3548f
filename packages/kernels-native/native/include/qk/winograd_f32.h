#ifndef QK_WINOGRAD_F32_H_
#define QK_WINOGRAD_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

namespace qk {

class Context;
struct TapConvolutionF32;

// Winograd's F(2x2, 3x3): 2 x 2 outputs of a 3 x 3 convolution with stride 1 from 4 x 4 inputs with 16 products instead of 36.
//
//   Y = A' [ (G g G') . (B' d B) ] A        B' = 1  0 -1  0    G =  1    0    0     A' = 1 1  1  0
//                                                0  1  1  0        1/2  1/2  1/2        0 1 -1 -1
//   d: 4 x 4 inputs, g: the 3 x 3 filter         0 -1  1  0        1/2 -1/2  1/2
//   ' transposes, . multiplies elements          0  1  0 -1         0    0    1
//
// Lavin and Gray 2016, arXiv:1509.09308 §4.1. The sum over input channels is taken between the transforms, as a matrix product
// for each of the 16 positions.

// One line of tiles: tile t reads x[i * line + (2 t + j) * channels + c], i, j < 4.
struct WinogradF32Input {
  const float* x;
  int64_t line;
  int64_t tiles, channels;
  float* out;  // position p, tile t, channel c at out[p * position + t * channels + c]
  int64_t position;
};

// The way back: tile t writes y[i * line + (2 t + j) * channels + c], i < lines, 2 t + j < pixels.
struct WinogradF32Output {
  const float* products;  // as WinogradF32Input::out, of output channels
  int64_t position;
  int64_t tiles, channels;
  int64_t lines, pixels;  // of y under the tiles: 1 or 2, and 2 tiles - 1 or 2 tiles
  const float* bias;      // [channels] or null
  const float* residual;  // where y is, or null
  float minimum, maximum;
  float* y;
  int64_t line;
};

}  // namespace qk

// Rounding: sums and differences; the output transform adds by columns, then by rows, then bias and residual.
using QkWinogradF32Input = void(const qk::WinogradF32Input& call);
using QkWinogradF32Output = void(const qk::WinogradF32Output& call);
// out[p * count + i] = position p of G g G' for the filters g[f * count + i], f < 9
using QkWinogradF32Filter = void(const float* filter, int64_t count, float* out);

extern "C" {
QkWinogradF32Input qk_winograd_f32_input__scalar, qk_winograd_f32_input__avx2, qk_winograd_f32_input__avx512vnni,
    qk_winograd_f32_input__neon;
QkWinogradF32Output qk_winograd_f32_output__scalar, qk_winograd_f32_output__avx2, qk_winograd_f32_output__avx512vnni,
    qk_winograd_f32_output__neon;
QkWinogradF32Filter qk_winograd_f32_filter__scalar, qk_winograd_f32_filter__avx2, qk_winograd_f32_filter__avx512vnni,
    qk_winograd_f32_filter__neon;
}

namespace qk {

struct WinogradF32Table {
  Op<QkWinogradF32Input*> input;
  Op<QkWinogradF32Output*> output;
  Op<QkWinogradF32Filter*> filter;
};

const WinogradF32Table& WinogradF32Tables(Tier tier);
void VisitWinogradF32(Tier tier, OpVisitor visit, void* context);

// Whether a convolution has the form and the size for which this is faster than multiplying directly.
bool SuitsWinogradF32(const TapConvolutionF32& call);

// The convolution of RunTapConvolutionF32; the filter is that of its three joined taps, [3 * 3 * source_channels][channels].
// Error: |y - exact| <= (source_channels + 24) 2^-22 max |source| sum |filter| over the channel's filter, to first order.
Status RunWinogradF32(Context& context, const TapConvolutionF32& call);

}  // namespace qk

#endif  // QK_WINOGRAD_F32_H_
