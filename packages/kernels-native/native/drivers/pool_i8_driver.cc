#include <algorithm>
#include <atomic>

#include "qk/operators_i8.h"
#include "qk/pool_i8.h"

namespace qk {

Status RunPoolI8(Context& context, const PoolI8Call& c) {
  const PoolI8Table& table = PoolI8Tables(context.tier());
  const auto kernel = c.is_average ? table.average.run : table.max.run;
  Scratch scratch(context);
  const int64_t most_taps = c.kernel_height * c.kernel_width;
  const uint8_t** all_taps = scratch.Take<const uint8_t*>(static_cast<size_t>(context.pool().threads() * most_taps));
  if (all_taps == nullptr) return Status::kOutOfMemory;
  std::atomic<bool> has_empty{false};
  const int64_t row_bytes = std::max<int64_t>(1, c.out_width * c.channels * most_taps);
  const int64_t grain = std::max<int64_t>(1, 65536 / row_bytes);
  context.pool().ParallelFor(c.batch * c.out_height, grain, [&](int64_t begin, int64_t end, int thread) {
    const uint8_t** taps = all_taps + thread * most_taps;
    PoolI8Pixel pixel{};
    pixel.taps = taps;
    pixel.channels = c.channels;
    pixel.flip = c.flip;
    pixel.flip_out = c.flip_out;
    pixel.zero = c.zero;
    pixel.ratio = c.ratio;
    pixel.zero_point = c.zero_point;
    pixel.qmin = c.qmin;
    pixel.qmax = c.qmax;
    for (int64_t i = begin; i < end; i++) {
      const uint8_t* image = c.input + i / c.out_height * c.height * c.width * c.channels;
      const int64_t top = i % c.out_height * c.stride_y - c.pad_top;
      for (int64_t x = 0; x < c.out_width; x++) {
        const int64_t left = x * c.stride_x - c.pad_left;
        int64_t counted = 0;  // taps inside the image or its padding; rounding sizes up can reach beyond both
        pixel.tap_count = 0;
        for (int64_t ky = 0; ky < c.kernel_height; ky++) {
          const int64_t h = top + ky * c.dilation_y;
          if (h >= c.height + c.pad_bottom) break;
          for (int64_t kx = 0; kx < c.kernel_width; kx++) {
            const int64_t w = left + kx * c.dilation_x;
            if (w >= c.width + c.pad_right) break;
            counted++;
            if (h < 0 || h >= c.height || w < 0 || w >= c.width) continue;
            taps[pixel.tap_count++] = image + (h * c.width + w) * c.channels;
          }
        }
        if (pixel.tap_count == 0) {
          has_empty.store(true, std::memory_order_relaxed);
          continue;
        }
        pixel.divisor = static_cast<float>(c.counts_padding ? counted : pixel.tap_count);
        pixel.out = c.out + (i * c.out_width + x) * c.channels;
        kernel(pixel);
      }
    }
  });
  return has_empty.load() ? Status::kBadArgument : Status::kOk;
}

}  // namespace qk
