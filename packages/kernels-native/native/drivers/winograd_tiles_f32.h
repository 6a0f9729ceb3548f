#ifndef QK_DRIVERS_WINOGRAD_TILES_F32_H_
#define QK_DRIVERS_WINOGRAD_TILES_F32_H_

#include <algorithm>
#include <cstdint>

#include "qk/winograd_f32.h"

namespace qk {

// Of transformed inputs and products (or gradients) per task: 384 KB.
inline constexpr int64_t kWinogradTaskFloats = 96 * 1024;
// With fewer channels on either side, transforming inputs and products costs more than it saves.
inline constexpr int64_t kWinogradFewestChannels = 8;

// The outputs of a convolution, cut into tiles of 4 x 4: image by image, line by line.
struct WinogradGrid {
  int64_t height, width;      // outputs of an image
  int64_t lines, line_tiles;  // lines of tiles per image, tiles per line
  int64_t tiles;              // of all images
};

WinogradGrid MakeWinogradGrid(int64_t batch, int64_t height, int64_t width);

// Images under a grid: tile (i, j) reads pixels from (top + 4 i, left + 4 j) on.
struct WinogradSource {
  const float* data;
  int64_t height, width, channels;
  int64_t top, left;
  const float* zeros;  // a line
};

// Floats between the 36 positions of a buffer: an odd number of cache lines, so that those of a tile do not meet in one set of
// a cache.
int64_t WinogradPositionStride(int64_t floats);

// Inputs of the tiles [first, first + count): position p, tile t, channel c at out[p * position + t * channels + c].
void TransformWinogradInputs(const WinogradF32Table& table, const WinogradGrid& grid, const WinogradSource& source,
                             int64_t first, int64_t count, float* out, int64_t position);

// Calls body(image, line of tiles, tile in the line, tiles, tiles before) for each stretch of [first, first + count) within one
// line.
template <class Body>
void ForStretches(const WinogradGrid& grid, int64_t first, int64_t count, Body body) {
  for (int64_t done = 0; done < count;) {
    const int64_t line = (first + done) / grid.line_tiles, tile = (first + done) % grid.line_tiles;
    const int64_t tiles = std::min(grid.line_tiles - tile, count - done);
    body(line / grid.lines, line % grid.lines, tile, tiles, done);
    done += tiles;
  }
}

}  // namespace qk

#endif  // QK_DRIVERS_WINOGRAD_TILES_F32_H_
