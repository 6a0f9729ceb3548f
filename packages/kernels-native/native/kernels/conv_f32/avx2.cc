#include "../simd/f32x8_avx2.h"
#include "filter_tile_simd.h"
#include "line_simd.h"

void qk_conv_f32_filter_tile__avx2(const qk::ConvF32FilterTile& tile) { DispatchTile<6, 12>(tile); }

void qk_conv_f32_line__avx2(const qk::ConvF32Line& line) { RunLine<8>(line); }
