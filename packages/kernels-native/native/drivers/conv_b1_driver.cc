#include <algorithm>
#include <cstring>

#include "qk/conv_b1.h"

namespace qk {
namespace {

constexpr int64_t kPanelColumns = kGemmB1Lanes * kGemmB1PanelVectors;
constexpr int64_t kBlockPixels = 192;
constexpr int64_t kTasksPerThread = 4;

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

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
  context.pool().ParallelFor(c.batch * padded_height, CeilDiv(8192, c.width * channels + 1), [&](int64_t begin, int64_t end, int) {
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
        for (int64_t x = 0; x < copied; x++) pack({c.reals + (pixel + x) * channels, channels, inner + x * p.words});
      }
      fill_border(inner + copied * p.words, padded_width - c.pad_left - copied);
    }
  });
}

// How many rows (or columns) of a window at `start` lie before and behind the image, as one number: before * (size + 1) + behind.
int64_t Outside(int64_t start, int64_t kernel, int64_t dilation, int64_t size) {
  int64_t before = 0;
  int64_t behind = 0;
  for (int64_t i = 0; i < kernel; i++) {
    const int64_t at = start + i * dilation;
    if (at < 0) before++;
    if (at >= size) behind++;
  }
  return before * (kernel + 1) + behind;
}

// Wraps: only packed bytes that somebody changed have sums beyond 32 bits.
int32_t WrappingSum(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b)); }

bool IsOutside(int64_t code, int64_t kernel, int64_t i) {
  return i < code / (kernel + 1) || i >= kernel - code % (kernel + 1);
}

}  // namespace

Status RunConvB1(Context& context, const ConvB1Call& c) {
  const ConvB1Weights& w = c.weights;
  const ConvB1Packing p = PackingOf(w);
  const int64_t pixels = c.batch * c.out_height * c.out_width;
  if (pixels == 0) return Status::kOk;
  Scratch scratch(context);

  const int64_t padded_height = std::max({(c.out_height - 1) * c.stride_y + (w.kernel_height - 1) * c.dilation_y + 1, c.pad_top + 1});
  const int64_t padded_width = std::max({(c.out_width - 1) * c.stride_x + (w.kernel_width - 1) * c.dilation_x + 1, c.pad_left + 1});
  const SignImage image = {nullptr, padded_width * p.words, padded_height * padded_width * p.words};
  uint64_t* words = scratch.Take<uint64_t>(static_cast<size_t>(c.batch * image.image_words));

  // One row of initial values per way a window can stick out: [rows outside][columns outside][columns].
  const int64_t codes_y = (w.kernel_height + 1) * (w.kernel_height + 1);
  const int64_t codes_x = (w.kernel_width + 1) * (w.kernel_width + 1);
  const bool corrects = c.padding == B1Padding::kZero;
  const int64_t combinations = corrects ? codes_y * codes_x : 1;
  int32_t* initial = scratch.Take<int32_t>(static_cast<size_t>(combinations * p.columns));
  int64_t* outside_y = scratch.Take<int64_t>(static_cast<size_t>(c.out_height));
  int64_t* outside_x = scratch.Take<int64_t>(static_cast<size_t>(c.out_width));
  bool* used = scratch.Take<bool>(static_cast<size_t>(combinations));
  const int64_t taps_y = w.kernel_height;
  const bool merges = c.dilation_x == 1;
  const int64_t taps = merges ? taps_y : taps_y * w.kernel_width;
  int64_t* offsets = scratch.Take<int64_t>(static_cast<size_t>(taps));
  float* scale = scratch.Take<float>(static_cast<size_t>(p.columns));
  float* offset = scratch.Take<float>(static_cast<size_t>(p.columns));
  int32_t* threshold = scratch.Take<int32_t>(static_cast<size_t>(p.columns));
  if (!words || !initial || !outside_y || !outside_x || !used || !offsets || !scale || !offset || !threshold) {
    return Status::kOutOfMemory;
  }
  FillImage(context, c, p, padded_height, padded_width, words);

  for (int64_t y = 0; y < c.out_height; y++) {
    outside_y[y] = corrects ? Outside(y * c.stride_y - c.pad_top, w.kernel_height, c.dilation_y, c.height) : 0;
  }
  for (int64_t x = 0; x < c.out_width; x++) {
    outside_x[x] = corrects ? Outside(x * c.stride_x - c.pad_left, w.kernel_width, c.dilation_x, c.width) : 0;
  }
  std::memset(used, 0, static_cast<size_t>(combinations) * sizeof(bool));
  for (int64_t y = 0; y < c.out_height; y++) {
    for (int64_t x = 0; x < c.out_width; x++) {
      const int64_t combination = outside_y[y] * codes_x + outside_x[x];
      if (used[combination]) continue;
      used[combination] = true;
      int32_t* row = initial + combination * p.columns;
      std::memcpy(row, c.counts, static_cast<size_t>(p.columns) * sizeof(int32_t));
      for (int64_t t = 0; corrects && t < taps_y * w.kernel_width; t++) {
        const bool is_padded = IsOutside(outside_y[y], w.kernel_height, t / w.kernel_width) ||
                               IsOutside(outside_x[x], w.kernel_width, t % w.kernel_width);
        for (int64_t j = 0; is_padded && j < p.columns; j++) row[j] = WrappingSum(row[j], c.tap_sums[t * p.columns + j]);
      }
    }
  }
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
  const int64_t fair = threads == 1 ? pixels : CeilDiv(CeilDiv(pixels, threads * kTasksPerThread), 6) * 6;
  const int64_t block = std::min(kBlockPixels, fair);
  const int64_t blocks = CeilDiv(pixels, block);
  const uint64_t** rows = scratch.Take<const uint64_t*>(static_cast<size_t>(threads * block));
  const int32_t** initial_rows = scratch.Take<const int32_t*>(static_cast<size_t>(threads * block));
  if (!rows || !initial_rows) return Status::kOutOfMemory;
  const auto kernel = GemmB1Tables(context.tier()).panel.run;
  const int64_t bit_stride = CeilDiv(w.outputs, 64) * 8;

  context.pool().ParallelFor(blocks, 1, [&](int64_t begin, int64_t end, int thread) {
    const uint64_t** block_rows = rows + thread * block;
    const int32_t** block_initial = initial_rows + thread * block;
    for (int64_t task = begin; task < end; task++) {
      const int64_t first = task * block;
      GemmB1Panel panel{};
      panel.rows = block_rows;
      panel.row_count = std::min(block, pixels - first);
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
        block_initial[i] = initial + (outside_y[y] * codes_x + outside_x[x]) * p.columns;
        if (++x < c.out_width) continue;
        x = 0;
        if (++y < c.out_height) continue;
        y = 0;
        n++;
      }
      if (c.output == GemmB1Output::kBits && w.outputs % 64 != 0) {
        std::memset(static_cast<uint8_t*>(c.out) + first * bit_stride, 0, static_cast<size_t>(panel.row_count * bit_stride));
      }
      for (int64_t i = 0; i < panels; i++) {
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
