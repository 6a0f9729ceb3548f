#include "../simd/f32x4_neon.h"
#include "winograd_simd.h"

void qk_winograd_f32_input__neon(const qk::WinogradF32Input& call) { Input(call); }

void qk_winograd_f32_output__neon(const qk::WinogradF32Output& call) { Output(call); }

void qk_winograd_f32_filter__neon(const float* filter, int64_t count, float* out) { Filter(filter, count, out); }
