#include <algorithm>
#include <cstring>

#include "qk/conv_b1.h"

namespace qk {
namespace {

constexpr int64_t kPanelColumns = kGemmB1Lanes * kGemmB1PanelVectors;

}  // namespace

ConvB1Packing PackingOf(const ConvB1Weights& w) {
  ConvB1Packing p;
  p.words = CeilDiv(w.channels, 64);
  p.columns = CeilDiv(w.outputs, kGemmB1Lanes) * kGemmB1Lanes;
  p.total_words = p.columns * w.kernel_height * w.kernel_width * p.words * (w.is_ternary ? 2 : 1);
  return p;
}

void PackConvB1(const ConvB1Weights& w, const int8_t* source, uint64_t* packed, int32_t* tap_sums, int32_t* counts) {
  const ConvB1Packing p = PackingOf(w);
  const int64_t taps = w.kernel_height * w.kernel_width;
  const int64_t planes = w.is_ternary ? 2 : 1;
  std::memset(packed, 0, static_cast<size_t>(p.total_words) * sizeof(uint64_t));
  std::memset(tap_sums, 0, static_cast<size_t>(taps * p.columns) * sizeof(int32_t));
  std::memset(counts, 0, static_cast<size_t>(p.columns) * sizeof(int32_t));
  for (int64_t o = 0; o < w.outputs; o++) {
    const int64_t panel = o / kPanelColumns * kPanelColumns;
    const int64_t width = std::min(kPanelColumns, p.columns - panel);
    uint64_t* panel_words = packed + panel * taps * p.words * planes;
    for (int64_t t = 0; t < taps; t++) {
      for (int64_t c = 0; c < w.channels; c++) {
        const int8_t weight = source[(o * taps + t) * w.channels + c];
        const bool is_positive = w.is_ternary ? weight > 0 : weight >= 0;
        const bool is_counted = !w.is_ternary || weight != 0;
        uint64_t* word = panel_words + (t * p.words + c / 64) * planes * width + (o - panel);
        if (is_positive) word[0] |= uint64_t{1} << (c % 64);
        if (w.is_ternary && is_counted) word[width] |= uint64_t{1} << (c % 64);
        tap_sums[t * p.columns + o] += is_positive ? 1 : is_counted ? -1 : 0;
        counts[o] += is_counted ? 1 : 0;
      }
    }
  }
}

}  // namespace qk
