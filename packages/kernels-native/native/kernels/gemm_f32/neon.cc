#include "../simd/f32x4_neon.h"
#include "tile_simd.h"

void qk_gemm_f32_tile__neon(const qk::GemmF32Tile& tile) { DispatchTile<12>(tile); }
