#include "../simd/f32x8_avx2.h"
#include "product_simd.h"
#include "winograd_simd.h"

void qk_winograd_f32_input__avx2(const qk::WinogradF32Input& call) { Input(call); }

void qk_winograd_f32_output__avx2(const qk::WinogradF32Output& call) { Output(call); }

void qk_winograd_f32_filter__avx2(const qk::WinogradF32Filter& call) { Filter(call); }

void qk_winograd_f32_product__avx2(const qk::WinogradF32Product& call) { Product<6>(call); }

void qk_winograd_f32_gradient__avx2(const qk::WinogradF32Gradient& call) { Gradient(call); }

void qk_winograd_f32_filter_gradient__avx2(const qk::WinogradF32FilterGradient& call) { FilterGradient(call); }
