#include "../simd/f32x8_avx2.h"
#include "depthwise_simd.h"

void qk_depthwise_f32_line__avx2(const qk::DepthwiseF32Line& line) { Line(line); }

void qk_depthwise_f32_filter_line__avx2(const qk::DepthwiseF32FilterLine& line) { FilterLine(line); }
