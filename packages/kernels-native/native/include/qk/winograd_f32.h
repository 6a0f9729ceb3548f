#ifndef QK_WINOGRAD_F32_H_
#define QK_WINOGRAD_F32_H_

#include <cstdint>

#include "qk/table.h"
#include "qk/types.h"

namespace qk {

class Context;
struct ConvShape;
struct TapConvolutionF32;

// Winograd's F(4x4, 3x3): 4 x 4 outputs of a 3 x 3 convolution with stride 1 from 6 x 6 inputs with 36 products instead of 144.
//
//   Y = A' [ (G g G') . (B' d B) ] A       d: 6 x 6 inputs, g: the 3 x 3 filter, ' transposes, . multiplies elements
//
//        a²b²   0   -(a²+b²)    0     1   0          1/(a²b²)     0     0
//          0  -ab²    -b²       a     1   0             k        ka    ka²          1  1  1   1   1   0
//   B' =   0   ab²    -b²      -a     1   0     G =     k       -ka    ka²     A' = 0  a -a   b  -b   0
//          0  -a²b    -a²       b     1   0             l        lb    lb²          0  a² a²  b²  b²  0
//          0   a²b    -a²      -b     1   0             l       -lb    lb²          0  a³ -a³ b³ -b³  1
//          0   a²b²     0   -(a²+b²)  0   1             0         0     1
//
//   a = 3/4, b = 3/2, k = 1 / (2 a² (a² - b²)), l = 1 / (2 b² (b² - a²))
//
// Lavin and Gray 2016, arXiv:1509.09308 §4; the polynomials are interpolated at 0, ±3/4, ±3/2 and infinity instead of 0, ±1, ±2
// and infinity, which halves the error (the choice of points: Barabasz et al. 2018, arXiv:1803.10986) and keeps all constants
// of A' and B' exact. The sum over input channels is taken between the transforms, as a matrix product for each of the 36
// positions.
inline constexpr int64_t kWinogradTile = 4;    // outputs of a tile, each way
inline constexpr int64_t kWinogradWindow = 6;  // its inputs, each way
inline constexpr int64_t kWinogradPositions = 36;

// A line of tiles: tile t reads pixels left + 4 t + j of line i, i, j < 6; pixels outside [0, width) count as zero.
struct WinogradF32Input {
  const float* lines[kWinogradWindow];  // pixel 0 of each
  int64_t left, width;
  int64_t tiles, channels;
  float* out;  // position p, tile t, channel c at out[p * position + t * channels + c]
  int64_t position;
};

// G g G' of the filters g[f * channels * outputs + c * outputs + o], f < 9, begin <= c < end, in panels of the table's
// `columns` outputs: panel k of w outputs holds position p, channel c, output j at out[(36 k + p) * position + c * w + j].
struct WinogradF32Filter {
  const float* filter;
  int64_t channels, outputs;
  int64_t begin, end;
  float* out;
  int64_t position;
};

// products[p][row][o] = sum_c inputs[p][row][c] * filter[p][c][o]
struct WinogradF32Product {
  const float* inputs;  // [36] matrices [rows][channels], `input_position` floats apart
  int64_t input_position;
  const float* filter;  // WinogradF32Filter::out
  int64_t filter_position;
  float* products;  // [36] matrices [rows][outputs], `product_position` floats apart
  int64_t product_position;
  int64_t rows;  // a multiple of the table's `rows`
  int64_t channels, outputs;
};

// The way back: tile t writes y[i * line + (4 t + j) * channels + c], i < lines, 4 t + j < pixels.
struct WinogradF32Output {
  const float* products;  // as WinogradF32Input::out, of output channels
  int64_t position;
  int64_t tiles, channels;
  int64_t lines, pixels;  // of y under the tiles: 1 to 4, and 4 tiles - 3 to 4 tiles
  const float* bias;      // [channels] or null
  const float* residual;  // where y is, or null
  const float* gate;      // where y is, or null: the result where it is > 0, else 0; not together with a bias
  float minimum, maximum;
  float* y;
  int64_t line;
};

// Gradient of the products, A dY A': tile t reads y[i * line + (4 t + j) * channels + c], i < lines, 4 t + j < pixels, and
// zeros beyond.
struct WinogradF32Gradient {
  const float* dy;
  int64_t line;
  int64_t tiles, channels;
  int64_t lines, pixels;  // as in WinogradF32Output
  float* out;             // as WinogradF32Input::out
  int64_t position;
};

// Gradient of the filter, G' dU G, where dU is the sum of `parts` in their order:
// filter[f * step + i] from sums[part * part_step + p * position + i], f < 9, p < 36, 0 <= i < count.
struct WinogradF32FilterGradient {
  const float* sums;
  int64_t parts, part_step, position;
  int64_t count;
  float* filter;
  int64_t step;
};

}  // namespace qk

// Rounding: fused multiply-adds (scalar: products and sums); the output transform adds by columns, then by rows, then bias and
// residual.
using QkWinogradF32Input = void(const qk::WinogradF32Input& call);
using QkWinogradF32Output = void(const qk::WinogradF32Output& call);
using QkWinogradF32Filter = void(const qk::WinogradF32Filter& call);
using QkWinogradF32Product = void(const qk::WinogradF32Product& call);
using QkWinogradF32Gradient = void(const qk::WinogradF32Gradient& call);
using QkWinogradF32FilterGradient = void(const qk::WinogradF32FilterGradient& call);

extern "C" {
QkWinogradF32Input qk_winograd_f32_input__scalar, qk_winograd_f32_input__avx2, qk_winograd_f32_input__avx512vnni,
    qk_winograd_f32_input__neon;
QkWinogradF32Output qk_winograd_f32_output__scalar, qk_winograd_f32_output__avx2, qk_winograd_f32_output__avx512vnni,
    qk_winograd_f32_output__neon;
QkWinogradF32Filter qk_winograd_f32_filter__scalar, qk_winograd_f32_filter__avx2, qk_winograd_f32_filter__avx512vnni,
    qk_winograd_f32_filter__neon;
QkWinogradF32Product qk_winograd_f32_product__scalar, qk_winograd_f32_product__avx2, qk_winograd_f32_product__avx512vnni,
    qk_winograd_f32_product__neon;
QkWinogradF32Gradient qk_winograd_f32_gradient__scalar, qk_winograd_f32_gradient__avx2, qk_winograd_f32_gradient__avx512vnni,
    qk_winograd_f32_gradient__neon;
QkWinogradF32FilterGradient qk_winograd_f32_filter_gradient__scalar, qk_winograd_f32_filter_gradient__avx2,
    qk_winograd_f32_filter_gradient__avx512vnni, qk_winograd_f32_filter_gradient__neon;
}

namespace qk {

struct WinogradF32Table {
  Op<QkWinogradF32Input*> input;
  Op<QkWinogradF32Output*> output;
  // These two go together.
  Op<QkWinogradF32Filter*> filter;
  Op<QkWinogradF32Product*> product;
  Op<QkWinogradF32Gradient*> gradient;
  Op<QkWinogradF32FilterGradient*> filter_gradient;
  int64_t rows;     // of a register tile of the product
  int64_t columns;  // of a panel of the filter
};

const WinogradF32Table& WinogradF32Tables(Tier tier);
void VisitWinogradF32(Tier tier, OpVisitor visit, void* context);

// Whether a convolution has the form and the size for which this is faster than multiplying directly.
bool SuitsWinogradF32(const TapConvolutionF32& call);

// The convolution of RunTapConvolutionF32; the filter is that of its three joined taps, [3 * 3 * source_channels][channels].
// Error: |y - exact| <= (source_channels + 40) 2^-16 max |source| sum |filter| over the channel's filter, to first order, where
// every term has the worst sign; the root of the mean square is about twice that of multiplying directly.
Status RunWinogradF32(Context& context, const TapConvolutionF32& call);

// The same two for the gradient of a filter, through the adjoints of the transforms. Parts of the tiles depend on the shape
// alone and are added in order, so the result does not depend on the number of threads. Error: |dfilter - exact| <= (tiles +
// 60) 2^-16 max |x| sum |dy| over the output channel, to first order, with the worst signs.
bool SuitsWinogradF32Filter(const ConvShape& shape);
Status RunWinogradF32Filter(Context& context, const ConvShape& shape, const float* x, const float* dy, float* dfilter);

}  // namespace qk

#endif  // QK_WINOGRAD_F32_H_
