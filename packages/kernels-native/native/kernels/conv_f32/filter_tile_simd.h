// The filter-gradient tile of conv_f32 for a vector type F32 of kLanes floats (kernels/simd). Included by one file per
// instruction set.
//
// Accumulators: kRows input channels (times window columns) by kVectors registers of output channels. Per pixel: kVectors
// loads of dy and kRows broadcasts of neighbouring floats of x.
#ifndef QK_KERNELS_CONV_F32_FILTER_TILE_SIMD_H_
#define QK_KERNELS_CONV_F32_FILTER_TILE_SIMD_H_

#include "qk/conv_f32.h"

namespace {

// kWhole: every column vector is full; otherwise the last one has `last` lanes.
template <bool kWhole>
inline F32 LoadColumns(const float* p, bool is_last, int64_t last) {
  return kWhole || !is_last ? Load(p) : LoadFirst(p, last);
}

template <int kRows, int kVectors, bool kWhole>
void RunTile(const qk::ConvF32FilterTile& tile) {
  const int64_t last = tile.columns - (kVectors - 1) * kLanes;
  F32 acc[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) acc[r][v] = Set(0.0f);
  }
  const int64_t x_pixel = tile.x_pixel, dy_pixel = tile.dy_pixel, pixels = tile.pixels;
  for (int64_t l = 0; l < tile.lines; l++) {
    const float* x = tile.x + l * tile.x_line;
    const float* dy = tile.dy + l * tile.dy_line;
    for (int64_t p = 0; p < pixels; p++) {
      F32 dy_row[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) dy_row[v] = LoadColumns<kWhole>(dy + v * kLanes, v == kVectors - 1, last);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; r++) {
        const F32 x_value = Set(x[r]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) acc[r][v] = MulAdd(x_value, dy_row[v], acc[r][v]);
      }
      x += x_pixel;
      dy += dy_pixel;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) {
      float* out = tile.out + r * tile.out_stride + v * kLanes;
      if (kWhole || v < kVectors - 1) {
        Store(out, Add(Load(out), acc[r][v]));
      } else {
        StoreFirst(out, Add(LoadFirst(out, last), acc[r][v]), last);
      }
    }
  }
}

// Calls the tile of as many rows as asked for, 1 .. kRows.
template <int kRows, int kVectors, bool kWhole>
void RunRows(const qk::ConvF32FilterTile& tile) {
  if (tile.rows == kRows) return RunTile<kRows, kVectors, kWhole>(tile);
  if constexpr (kRows > 1) return RunRows<kRows - 1, kVectors, kWhole>(tile);
}

// kWideRows, kNarrowRows: most rows of a tile two vectors and one vector wide.
template <int kWideRows, int kNarrowRows>
void DispatchTile(const qk::ConvF32FilterTile& tile) {
  if (tile.columns == 2 * kLanes) return RunRows<kWideRows, 2, true>(tile);
  if (tile.columns > kLanes) return RunRows<kWideRows, 2, false>(tile);
  if (tile.columns == kLanes) return RunRows<kNarrowRows, 1, true>(tile);
  return RunRows<kNarrowRows, 1, false>(tile);
}

}  // namespace

#endif  // QK_KERNELS_CONV_F32_FILTER_TILE_SIMD_H_
