#include "../simd/f32x16_avx512.h"
#include "tile_simd.h"

void qk_gemm_f32_tile__avx512vnni(const qk::GemmF32Tile& tile) { DispatchTile<12>(tile); }
