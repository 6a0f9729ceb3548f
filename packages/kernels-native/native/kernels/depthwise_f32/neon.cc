#include "../simd/f32x4_neon.h"
#include "depthwise_simd.h"

void qk_depthwise_f32_line__neon(const qk::DepthwiseF32Line& line) { Line(line); }

void qk_depthwise_f32_filter_line__neon(const qk::DepthwiseF32FilterLine& line) { FilterLine(line); }
