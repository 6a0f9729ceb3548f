#include <algorithm>
#include <cstring>

#include "qk/conv_i8.h"

namespace qk {
namespace {

constexpr int64_t kLanes = kGemmI8Lanes;
constexpr int64_t kPanelColumns = kGemmI8Lanes * kGemmI8PanelVectors;
// Bytes of input windows kept in the second-level cache while the panels of b pass by.
constexpr int64_t kBlockBytes = int64_t{1} << 18;
// More tasks than threads, so that the threads end together.
constexpr int64_t kTasksPerThread = 4;

// The image the windows lie in: the input itself, or a copy with a border.
struct Image {
  const uint8_t* data;
  int64_t row_stride;    // bytes
  int64_t image_stride;  // bytes
};

// How pixels and columns are cut into tasks.
struct Blocking {
  int64_t blocks;  // of pixels, all of the same size or one less
  int64_t pixels;  // of the largest block
  int64_t chunks;  // of columns
  int64_t panels;  // per chunk
};

Blocking ChooseBlocking(int64_t pixels, int64_t panels, int64_t bytes_per_pixel, int64_t groups, int threads) {
  Blocking b;
  const int64_t most = std::max<int64_t>(48, kBlockBytes / bytes_per_pixel / 12 * 12);
  b.blocks = CeilDiv(pixels, most);
  b.chunks = 1;
  const int64_t wanted = threads == 1 ? 1 : CeilDiv(threads * kTasksPerThread, groups);
  if (b.blocks < wanted) b.chunks = std::min(panels, CeilDiv(wanted, b.blocks));
  b.panels = CeilDiv(panels, b.chunks);
  b.chunks = CeilDiv(panels, b.panels);
  // Chunks are not always of the same size; then blocks alone must give every thread the same share.
  const int64_t share = panels % b.chunks == 0 && b.chunks % threads == 0 ? 1 : threads;
  if (b.blocks * b.chunks < wanted) b.blocks = CeilDiv(wanted, b.chunks);
  b.blocks = std::min(CeilDiv(b.blocks, share) * share, CeilDiv(pixels, 12));
  b.pixels = CeilDiv(pixels, b.blocks);
  return b;
}

// Copies the images into a border of `zero`, image rows dealt to the threads.
void CopyWithBorder(Context& context, const ConvI8Call& c, int64_t channels, int64_t padded_height, int64_t padded_width,
                    uint8_t zero, uint8_t* target) {
  const int64_t row_bytes = padded_width * channels;
  const int64_t inner = c.width * channels;
  const int64_t left = c.pad_left * channels;
  context.pool().ParallelFor(
      c.batch * padded_height, std::max<int64_t>(1, 16384 / row_bytes), [&](int64_t begin, int64_t end, int) {
        for (int64_t i = begin; i < end; i++) {
          uint8_t* row = target + i * row_bytes;
          const int64_t y = i % padded_height - c.pad_top;
          if (y < 0 || y >= c.height) {
            std::memset(row, zero, static_cast<size_t>(row_bytes));
            continue;
          }
          const int64_t copied = std::min(inner, row_bytes - left);
          std::memset(row, zero, static_cast<size_t>(left));
          std::memcpy(row + left, c.input + (i / padded_height * c.height + y) * inner, static_cast<size_t>(copied));
          std::memset(row + left + copied, zero, static_cast<size_t>(row_bytes - left - copied));
        }
      });
}

// Accumulators into scratch memory, then integer requantization.
Status RunFixed(Context& context, const ConvI8Call& c) {
  Scratch scratch(context);
  const int64_t pixels = c.batch * c.out_height * c.out_width;
  int32_t* acc = scratch.Take<int32_t>(static_cast<size_t>(pixels * c.weights.outputs));
  if (acc == nullptr) return Status::kOutOfMemory;
  ConvI8Call accumulate = c;
  accumulate.output = GemmI8Output::kI32;
  accumulate.out = acc;
  const Status status = RunConvI8(context, accumulate);
  if (status == Status::kOk) RequantizeFixed(context, acc, pixels, c.weights.outputs, c);
  return status;
}

}  // namespace

Status RunConvI8(Context& context, const ConvI8Call& c) {
  if (c.output == GemmI8Output::kCodes && c.fixed != nullptr) return RunFixed(context, c);
  const ConvI8Weights& w = c.weights;
  const ConvI8Packing p = PackingOf(w);
  const int64_t channels = w.channels * w.groups;
  const int64_t per_group = w.outputs / w.groups;
  const int64_t pixels = c.batch * c.out_height * c.out_width;
  if (pixels == 0 || w.outputs == 0) return Status::kOk;
  const GemmI8Table& kernels = GemmI8Tables(context.tier());
  Scratch scratch(context);

  const int64_t columns = w.groups * p.columns;
  const ConvI8Columns constants = {
      scratch.Take<int32_t>(static_cast<size_t>(columns)), scratch.Take<int32_t>(static_cast<size_t>(columns)),
      scratch.Take<float>(static_cast<size_t>(columns)), scratch.Take<float>(static_cast<size_t>(columns))};
  int64_t* offsets = scratch.Take<int64_t>(static_cast<size_t>(p.taps));
  if (!constants.initial || !constants.b_zero || !constants.multiplier || !constants.addend || !offsets) {
    return Status::kOutOfMemory;
  }
  const Status filled = FillColumns(c, constants);
  if (filled != Status::kOk) return filled;

  const int64_t reach_y = (w.kernel_height - 1) * c.dilation_y + 1;
  const int64_t reach_x = (w.kernel_width - 1) * c.dilation_x + 1;
  const int64_t needed_height = (c.out_height - 1) * c.stride_y + reach_y;
  const int64_t needed_width = (c.out_width - 1) * c.stride_x + reach_x;
  const bool has_border = c.pad_top > 0 || c.pad_left > 0 || needed_height > c.height || needed_width > c.width;
  Image image = {c.input, c.width * channels, c.height * c.width * channels};
  if (has_border) {
    const int64_t padded_height = std::max(needed_height, c.pad_top + 1);
    const int64_t padded_width = std::max(needed_width, c.pad_left + 1);
    uint8_t* padded = scratch.Take<uint8_t>(static_cast<size_t>(c.batch * padded_height * padded_width * channels));
    if (padded == nullptr) return Status::kOutOfMemory;
    CopyWithBorder(context, c, channels, padded_height, padded_width, static_cast<uint8_t>(c.input_zero), padded);
    image = {padded, padded_width * channels, padded_height * padded_width * channels};
  }
  for (int64_t t = 0; t < p.taps; t++) {
    const int64_t y = w.merges_columns ? t : t / w.kernel_width;
    const int64_t x = w.merges_columns ? 0 : t % w.kernel_width;
    offsets[t] = y * c.dilation_y * image.row_stride + x * c.dilation_x * channels;
  }

  const int threads = context.pool().threads();
  const int64_t panels = CeilDiv(p.columns, kPanelColumns);
  const int64_t bytes_per_pixel = std::max<int64_t>(1, w.channels * c.stride_y * c.stride_x);
  const Blocking blocking = ChooseBlocking(pixels, panels, bytes_per_pixel, w.groups, threads);
  const uint8_t** rows = scratch.Take<const uint8_t*>(static_cast<size_t>(threads * blocking.pixels));
  int32_t* row_sums = scratch.Take<int32_t>(static_cast<size_t>(threads * blocking.pixels));
  if (!rows || !row_sums) return Status::kOutOfMemory;
  const int64_t element = c.output == GemmI8Output::kCodes ? 1 : 4;

  auto run_task = [&](int64_t task, int thread) {
    const int64_t chunk = task % blocking.chunks;
    const int64_t block = task / blocking.chunks % blocking.blocks;
    const int64_t group = task / blocking.chunks / blocking.blocks;
    const int64_t first = pixels * block / blocking.blocks;
    const int64_t count = pixels * (block + 1) / blocking.blocks - first;
    const uint8_t** block_rows = rows + thread * blocking.pixels;
    const uint8_t* base = image.data + group * w.channels;
    int64_t x = first % c.out_width;
    int64_t y = first / c.out_width % c.out_height;
    int64_t n = first / c.out_width / c.out_height;
    for (int64_t i = 0; i < count; i++) {
      block_rows[i] = base + n * image.image_stride + y * c.stride_y * image.row_stride + x * c.stride_x * channels;
      if (++x < c.out_width) continue;
      x = 0;
      if (++y < c.out_height) continue;
      y = 0;
      n++;
    }
    GemmI8Panel panel{};
    panel.rows = block_rows;
    panel.row_count = count;
    panel.tap_offsets = offsets;
    panel.taps = p.taps;
    panel.depth = p.depth;
    panel.flip = c.input_signed ? 0x80808080u : 0;
    panel.output = c.output;
    panel.zero_point = c.zero_point;
    panel.qmin = c.qmin;
    panel.qmax = c.qmax;
    panel.signed_codes = c.signed_codes;
    panel.out_stride = w.outputs;
    if (c.weight_zero != nullptr) {
      int32_t* sums = row_sums + thread * blocking.pixels;
      kernels.row_sums.run({block_rows, count, offsets, p.taps, p.depth, panel.flip, sums});
      panel.row_sums = sums;
    }
    const int64_t last_panel = std::min(panels, (chunk + 1) * blocking.panels);
    for (int64_t i = chunk * blocking.panels; i < last_panel; i++) {
      const int64_t column = i * kPanelColumns;
      const int64_t width = std::min(kPanelColumns, p.columns - column);
      const int64_t at = group * p.columns + column;
      panel.b = c.packed + group * p.group_bytes + p.group_bytes / p.columns * column;
      panel.vectors = width / kLanes;
      panel.columns = std::min(width, per_group - column);
      panel.initial = constants.initial + at;
      panel.b_zero = constants.b_zero + at;
      panel.multiplier = constants.multiplier + at;
      panel.addend = c.addend != nullptr ? constants.addend + at : nullptr;
      panel.out = static_cast<uint8_t*>(c.out) + (first * w.outputs + group * per_group + column) * element;
      kernels.panel.run(panel);
    }
  };
  context.pool().ParallelFor(w.groups * blocking.blocks * blocking.chunks, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t task = begin; task < end; task++) run_task(task, thread);
  });
  return Status::kOk;
}

}  // namespace qk
