#include "winograd_tiles_f32.h"

namespace qk {

WinogradGrid MakeWinogradGrid(int64_t batch, int64_t height, int64_t width) {
  const int64_t lines = CeilDiv(height, kWinogradTile), line_tiles = CeilDiv(width, kWinogradTile);
  return {height, width, lines, line_tiles, batch * lines * line_tiles};
}

int64_t WinogradPositionStride(int64_t floats) { return (CeilDiv(floats, 16) | 1) * 16; }

void TransformWinogradInputs(const WinogradF32Table& table, const WinogradGrid& grid, const WinogradSource& source,
                             int64_t first, int64_t count, float* out, int64_t position) {
  ForStretches(grid, first, count, [&](int64_t image, int64_t line, int64_t tile, int64_t tiles, int64_t before) {
    WinogradF32Input call = {};
    const int64_t top = source.top + line * kWinogradTile;
    for (int64_t i = 0; i < kWinogradWindow; i++) {
      const bool is_inside = top + i >= 0 && top + i < source.height;
      const int64_t source_line = image * source.height + top + i;
      call.lines[i] = is_inside ? source.data + source_line * source.width * source.channels : source.zeros;
    }
    call.left = source.left + tile * kWinogradTile;
    call.width = source.width;
    call.tiles = tiles;
    call.channels = source.channels;
    call.out = out + before * source.channels;
    call.position = position;
    table.input.run(call);
  });
}

}  // namespace qk
