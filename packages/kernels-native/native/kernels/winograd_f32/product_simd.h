// The product of winograd_f32 for a vector type F32 of kLanes floats. Included by one file per instruction set.
//
//            column vector 0   column vector 1       per channel: kVectors loads of the filter, kRows broadcasts of inputs,
//   row 0    acc[0][0]         acc[0][1]             kRows * kVectors fused multiply-adds
//   ...
#ifndef QK_KERNELS_WINOGRAD_F32_PRODUCT_SIMD_H_
#define QK_KERNELS_WINOGRAD_F32_PRODUCT_SIMD_H_

#include "qk/winograd_f32.h"

namespace {

// The last of kVectors vectors has `last` lanes.
template <int kVectors, bool kWhole>
inline F32 LoadVector(const float* p, int v, int64_t last) {
  return kWhole || v < kVectors - 1 ? Load(p + v * kLanes) : LoadFirst(p + v * kLanes, last);
}

template <int kRows, int kVectors, bool kWhole>
inline void ProductTile(const float* inputs, int64_t channels, const float* filter, int64_t width, float* products,
                        int64_t outputs) {
  const int64_t last = width - (kVectors - 1) * kLanes;
  F32 acc[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) acc[r][v] = Set(0.0f);
  }
  // Every third row has a pointer, so that all addresses fit in registers.
  const float* row[(kRows + 2) / 3];
#pragma GCC unroll 6
  for (int i = 0; i < (kRows + 2) / 3; i++) row[i] = inputs + 3 * i * channels;
  for (int64_t c = 0; c < channels; c++) {
    F32 weights[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) weights[v] = LoadVector<kVectors, kWhole>(filter, v, last);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; r++) {
      const F32 value = Set(row[r / 3][r % 3 * channels]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) acc[r][v] = MulAdd(value, weights[v], acc[r][v]);
    }
#pragma GCC unroll 6
    for (int i = 0; i < (kRows + 2) / 3; i++) row[i]++;
    filter += width;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) {
      float* to = products + r * outputs + v * kLanes;
      if (kWhole || v < kVectors - 1) {
        Store(to, acc[r][v]);
      } else {
        StoreFirst(to, acc[r][v], last);
      }
    }
  }
}

template <int kRows, int kVectors, bool kWhole>
inline void ProductPanel(const qk::WinogradF32Product& call, const float* filter, int64_t panel, int64_t width) {
  for (int64_t p = 0; p < qk::kWinogradPositions; p++, filter += call.filter_position) {
    const float* inputs = call.inputs + p * call.input_position;
    float* products = call.products + p * call.product_position + panel;
    for (int64_t r = 0; r < call.rows; r += kRows) {
      ProductTile<kRows, kVectors, kWhole>(inputs + r * call.channels, call.channels, filter, width,
                                           products + r * call.outputs, call.outputs);
    }
  }
}

template <int kRows>
inline void Product(const qk::WinogradF32Product& call) {
  const float* filter = call.filter;
  for (int64_t panel = 0; panel < call.outputs; panel += 2 * kLanes) {
    const int64_t rest = call.outputs - panel, width = rest < 2 * kLanes ? rest : 2 * kLanes;
    if (width == 2 * kLanes) {
      ProductPanel<kRows, 2, true>(call, filter, panel, width);
    } else if (width > kLanes) {
      ProductPanel<kRows, 2, false>(call, filter, panel, width);
    } else if (width == kLanes) {
      ProductPanel<kRows, 1, true>(call, filter, panel, width);
    } else {
      ProductPanel<kRows, 1, false>(call, filter, panel, width);
    }
    filter += qk::kWinogradPositions * call.filter_position;
  }
}

}  // namespace

#endif  // QK_KERNELS_WINOGRAD_F32_PRODUCT_SIMD_H_
