#include "../simd/f32x8_avx2.h"
#include "tile_simd.h"

void qk_gemm_f32_tile__avx2(const qk::GemmF32Tile& tile) { DispatchTile<6>(tile); }
