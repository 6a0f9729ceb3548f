#include "../simd/f32x16_avx512.h"
#include "depthwise_simd.h"

void qk_depthwise_f32_line__avx512vnni(const qk::DepthwiseF32Line& line) { Line(line); }

void qk_depthwise_f32_filter_line__avx512vnni(const qk::DepthwiseF32FilterLine& line) { FilterLine(line); }
