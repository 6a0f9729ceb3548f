#include "../simd/f32x16_avx512.h"
#include "filter_tile_simd.h"
#include "line_simd.h"

void qk_conv_f32_filter_tile__avx512vnni(const qk::ConvF32FilterTile& tile) { DispatchTile<12, 16>(tile); }

void qk_conv_f32_line__avx512vnni(const qk::ConvF32Line& line) { RunLine<16>(line); }
