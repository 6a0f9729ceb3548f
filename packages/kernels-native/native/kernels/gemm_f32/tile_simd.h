// The tile of gemm_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per instruction set.
//
//            column vector 0   column vector 1          per step of depth: kVectors loads of b, kRows broadcasts of a,
//   row 0    acc[0][0]         acc[0][1]                kRows * kVectors fused multiply-adds
//   row 1    acc[1][0]         acc[1][1]                registers: kRows * kVectors + kVectors + 1
//   ...
#ifndef QK_KERNELS_GEMM_F32_TILE_SIMD_H_
#define QK_KERNELS_GEMM_F32_TILE_SIMD_H_

#include "qk/gemm_f32.h"

namespace {

// kWhole: every column vector is full; otherwise the last one has `last` lanes.
template <bool kWhole>
inline F32 LoadColumns(const float* p, bool is_last, int64_t last) {
  return kWhole || !is_last ? Load(p) : LoadFirst(p, last);
}

template <int kRows, int kVectors, bool kWhole>
void RunTile(const qk::GemmF32Tile& tile) {
  const int64_t last = tile.columns - (kVectors - 1) * kLanes;
  F32 acc[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) acc[r][v] = Set(0.0f);
  }
  const float* b = tile.b;
  const int64_t b_stride = tile.b_stride, depth = tile.depth;
  for (int64_t t = 0; t < tile.taps; t++) {
    const float* a[kRows];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; r++) a[r] = tile.a_rows[r] + tile.tap_offsets[t];
    for (int64_t d = 0; d < depth; d++) {
      F32 b_row[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) b_row[v] = LoadColumns<kWhole>(b + v * kLanes, v == kVectors - 1, last);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; r++) {
        const F32 a_value = Set(a[r][d]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) acc[r][v] = MulAdd(a_value, b_row[v], acc[r][v]);
      }
      b += b_stride;
    }
  }
  const qk::GemmF32Epilogue& end = tile.epilogue;
  const F32 minimum = Set(end.minimum), maximum = Set(end.maximum);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) {
      const bool is_last = v == kVectors - 1;
      const int64_t at = tile.column + v * kLanes;
      float* c = tile.c_rows[r] + at;
      F32 x = acc[r][v];
      if (end.bias != nullptr) x = Add(x, LoadColumns<kWhole>(end.bias + at, is_last, last));
      if (end.accumulate) x = Add(x, LoadColumns<kWhole>(c, is_last, last));
      if (end.residual_rows != nullptr) x = Add(x, LoadColumns<kWhole>(end.residual_rows[r] + at, is_last, last));
      x = Min(maximum, Max(minimum, x));
      if (kWhole || !is_last) {
        Store(c, x);
      } else {
        StoreFirst(c, x, last);
      }
    }
  }
}

// Calls the tile of as many rows as asked for, 1 .. kRows.
template <int kRows, int kVectors, bool kWhole>
void RunRows(const qk::GemmF32Tile& tile) {
  if (tile.rows == kRows) return RunTile<kRows, kVectors, kWhole>(tile);
  if constexpr (kRows > 1) return RunRows<kRows - 1, kVectors, kWhole>(tile);
}

template <int kMostRows>
void DispatchTile(const qk::GemmF32Tile& tile) {
  if (tile.columns == 2 * kLanes) return RunRows<kMostRows, 2, true>(tile);
  if (tile.columns > kLanes) return RunRows<kMostRows, 2, false>(tile);
  if (tile.columns == kLanes) return RunRows<kMostRows, 1, true>(tile);
  return RunRows<kMostRows, 1, false>(tile);
}

}  // namespace

#endif  // QK_KERNELS_GEMM_F32_TILE_SIMD_H_
