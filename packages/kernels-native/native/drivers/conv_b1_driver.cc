#include <algorithm>
#include <cstring>

#include "conv_b1_border.h"
#include "qk/conv_b1.h"

namespace qk {
namespace {

constexpr int64_t kPanelColumns = kGemmB1Lanes * kGemmB1PanelVectors;
constexpr int64_t kBlockPixels = 192;
constexpr int64_t kFewPixels = 24;  // below it a block is mostly the end of its last tile
constexpr int64_t kTasksPerThread = 4;

// Packed signs with their border.
struct SignImage {
  const uint64_t* data;
  int64_t row_words;
  int64_t image_words;
};

// Fills the bordered image, rows dealt to the threads. Bits beyond the channels stay 0 in the border, too.
void FillImage(Context& context, const ConvB1Call& c, const ConvB1Packing& p, int64_t padded_height, int64_t padded_width,
               uint64_t* target) {
  const auto pack = GemmB1Tables(context.tier()).pack_signs.run;
  const int64_t row_words = padded_width * p.words;
  const int64_t channels = c.weights.channels;
  const int64_t copied = std::min(c.width, padded_width - c.pad_left);
  const uint64_t last = channels % 64 == 0 ? ~uint64_t{0} : (uint64_t{1} << channels % 64) - 1;
  auto fill_border = [&](uint64_t* words, int64_t pixels) {
    for (int64_t i = 0; i < pixels * p.words; i++) {
      words[i] = c.padding != B1Padding::kPlusOne ? 0 : i % p.words == p.words - 1 ? last : ~uint64_t{0};
    }
  };
  context.pool().ParallelFor(c.batch * padded_height, CeilDiv(8192, c.width * channels + 1),
                             [&](int64_t begin, int64_t end, int) {
                               for (int64_t i = begin; i < end; i++) {
                                 uint64_t* row = target + i * row_words;
                                 const int64_t y = i % padded_height - c.pad_top;
                                 if (y < 0 || y >= c.height) {
                                   fill_border(row, padded_width);
                                   continue;
                                 }
                                 const int64_t pixel = (i / padded_height * c.height + y) * c.width;
                                 uint64_t* inner = row + c.pad_left * p.words;
                                 fill_border(row, c.pad_left);
                                 if (c.signs != nullptr) {
                                   std::memcpy(inner, c.signs + pixel * p.words * 8, static_cast<size_t>(copied * p.words) * 8);
                                 } else if (channels % 64 == 0) {
                                   pack({c.reals + pixel * channels, copied * channels, inner});
                                 } else {
                                   for (int64_t x = 0; x < copied; x++)
                                     pack({c.reals + (pixel + x) * channels, channels, inner + x * p.words});
                                 }
                                 fill_border(inner + copied * p.words, padded_width - c.pad_left - copied);
                               }
                             });
}

// How output pixels and panels are cut into tasks: blocks of pixels of the same size or one less, each with a part of the
// panels.
struct Tasks {
  int64_t blocks;
  int64_t pixels;  // of the largest block
  int64_t parts;
};

Tasks DealTasks(int64_t pixels, int64_t panels, int threads) {
  if (threads == 1) return {CeilDiv(pixels, kBlockPixels), std::min(pixels, kBlockPixels), 1};
  const int64_t wanted = threads * kTasksPerThread;
  Tasks t = {CeilDiv(CeilDiv(pixels, kBlockPixels), wanted) * wanted, 0, 1};
  if (pixels / t.blocks < kFewPixels) {
    t.blocks = CeilDiv(pixels, kBlockPixels);
    t.parts = std::min(panels, CeilDiv(wanted, t.blocks));
    if (t.parts % threads != 0 || panels % t.parts != 0) t.blocks = std::min(pixels, CeilDiv(t.blocks, threads) * threads);
  }
  t.pixels = CeilDiv(pixels, t.blocks);
  return t;
}

}  // namespace

Status RunConvB1(Context& context, const ConvB1Call& c) {
  const ConvB1Weights& w = c.weights;
  const ConvB1Packing p = PackingOf(w);
  const int64_t pixels = c.batch * c.out_height * c.out_width;
  if (pixels == 0) return Status::kOk;
  Scratch scratch(context);

  const int64_t padded_height =
      std::max({(c.out_height - 1) * c.stride_y + (w.kernel_height - 1) * c.dilation_y + 1, c.pad_top + 1});
  const int64_t padded_width =
      std::max({(c.out_width - 1) * c.stride_x + (w.kernel_width - 1) * c.dilation_x + 1, c.pad_left + 1});
  const SignImage image = {nullptr, padded_width * p.words, padded_height * padded_width * p.words};
  uint64_t* words = scratch.Take<uint64_t>(static_cast<size_t>(c.batch * image.image_words));

  const int64_t taps_y = w.kernel_height;
  const bool merges = c.dilation_x == 1;
  const int64_t taps = merges ? taps_y : taps_y * w.kernel_width;
  int64_t* offsets = scratch.Take<int64_t>(static_cast<size_t>(taps));
  float* scale = scratch.Take<float>(static_cast<size_t>(p.columns));
  float* offset = scratch.Take<float>(static_cast<size_t>(p.columns));
  int32_t* threshold = scratch.Take<int32_t>(static_cast<size_t>(p.columns));
  const ConvB1Border border = PrepareBorder(scratch, c, p.columns);
  if (!words || !border.initial || !offsets || !scale || !offset || !threshold) return Status::kOutOfMemory;
  FillImage(context, c, p, padded_height, padded_width, words);

  for (int64_t t = 0; t < taps; t++) {
    offsets[t] = merges ? t * c.dilation_y * image.row_words
                        : t / w.kernel_width * c.dilation_y * image.row_words + t % w.kernel_width * c.dilation_x * p.words;
  }
  for (int64_t j = 0; j < p.columns; j++) {
    const bool exists = j < w.outputs;
    scale[j] = exists && c.scale != nullptr ? c.scale[j] : 0;
    offset[j] = exists && c.offset != nullptr ? c.offset[j] : 0;
    threshold[j] = exists && c.threshold != nullptr ? c.threshold[j] : 0;
  }

  const int threads = context.pool().threads();
  const int64_t panels = CeilDiv(p.columns, kPanelColumns);
  const Tasks tasks = DealTasks(pixels, panels, threads);
  const uint64_t** rows = scratch.Take<const uint64_t*>(static_cast<size_t>(threads * tasks.pixels));
  const int32_t** initial_rows = scratch.Take<const int32_t*>(static_cast<size_t>(threads * tasks.pixels));
  if (!rows || !initial_rows) return Status::kOutOfMemory;
  const auto kernel = GemmB1Tables(context.tier()).panel.run;
  const int64_t bit_stride = CeilDiv(w.outputs, 64) * 8;

  context.pool().ParallelFor(tasks.blocks * tasks.parts, 1, [&](int64_t begin, int64_t end, int thread) {
    const uint64_t** block_rows = rows + thread * tasks.pixels;
    const int32_t** block_initial = initial_rows + thread * tasks.pixels;
    for (int64_t task = begin; task < end; task++) {
      const int64_t block = task / tasks.parts;
      const int64_t part = task % tasks.parts;
      const int64_t first = pixels * block / tasks.blocks;
      const int64_t first_panel = panels * part / tasks.parts;
      GemmB1Panel panel{};
      panel.rows = block_rows;
      panel.row_count = pixels * (block + 1) / tasks.blocks - first;
      panel.tap_offsets = offsets;
      panel.taps = taps;
      panel.depth = merges ? w.kernel_width * p.words : p.words;
      panel.is_ternary = w.is_ternary;
      panel.initial = block_initial;
      panel.output = c.output;
      panel.out_stride = c.output == GemmB1Output::kBits ? bit_stride : w.outputs;
      int64_t x = first % c.out_width;
      int64_t y = first / c.out_width % c.out_height;
      int64_t n = first / c.out_width / c.out_height;
      for (int64_t i = 0; i < panel.row_count; i++) {
        block_rows[i] = words + n * image.image_words + y * c.stride_y * image.row_words + x * c.stride_x * p.words;
        block_initial[i] = border.Row(y, x) + first_panel * kPanelColumns;
        if (++x < c.out_width) continue;
        x = 0;
        if (++y < c.out_height) continue;
        y = 0;
        n++;
      }
      // Kernels write whole bytes; those that no output has are cleared with the last panel.
      const int64_t used_bytes = CeilDiv(w.outputs, 8);
      for (int64_t r = 0; c.output == GemmB1Output::kBits && part == tasks.parts - 1 && r < panel.row_count; r++) {
        uint8_t* bits = static_cast<uint8_t*>(c.out) + (first + r) * bit_stride;
        std::memset(bits + used_bytes, 0, static_cast<size_t>(bit_stride - used_bytes));
      }
      for (int64_t i = first_panel; i < panels * (part + 1) / tasks.parts; i++) {
        const int64_t column = i * kPanelColumns;
        const int64_t width = std::min(kPanelColumns, p.columns - column);
        panel.weights = c.packed + p.total_words / p.columns * column;
        panel.vectors = width / kGemmB1Lanes;
        panel.columns = std::min(width, w.outputs - column);
        panel.scale = scale + column;
        panel.offset = c.offset != nullptr ? offset + column : nullptr;
        panel.threshold = threshold + column;
        panel.inverts = c.inverts == nullptr ? nullptr : c.inverts + column / 8;
        const int64_t element = c.output == GemmB1Output::kBits ? 1 : 4;
        const int64_t at = c.output == GemmB1Output::kBits ? first * bit_stride + column / 8 : first * w.outputs + column;
        panel.out = static_cast<uint8_t*>(c.out) + at * element;
        kernel(panel);
        for (int64_t r = 0; r < panel.row_count; r++) block_initial[r] += width;
      }
    }
  });
  return Status::kOk;
}

}  // namespace qk
