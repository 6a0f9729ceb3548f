#include "../simd/f32x16_avx512.h"
#include "product_simd.h"
#include "winograd_simd.h"

void qk_winograd_f32_input__avx512vnni(const qk::WinogradF32Input& call) { Input(call); }

void qk_winograd_f32_output__avx512vnni(const qk::WinogradF32Output& call) { Output(call); }

void qk_winograd_f32_filter__avx512vnni(const qk::WinogradF32Filter& call) { Filter(call); }

void qk_winograd_f32_product__avx512vnni(const qk::WinogradF32Product& call) { Product<12>(call); }

void qk_winograd_f32_gradient__avx512vnni(const qk::WinogradF32Gradient& call) { Gradient(call); }

void qk_winograd_f32_filter_gradient__avx512vnni(const qk::WinogradF32FilterGradient& call) { FilterGradient(call); }
