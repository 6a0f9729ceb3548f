#include <algorithm>
#include <cstring>

#include "qk/image_window.h"

namespace qk {

void CopyWindow(const ImageF32& image, int64_t top, int64_t left, int64_t lines, int64_t columns, float outside, float* out) {
  const int64_t begin = std::clamp<int64_t>(-left, 0, columns);                 // columns before the image
  const int64_t end = std::clamp<int64_t>(image.width - left, begin, columns);  // first column behind it
  const int64_t line_size = columns * image.channels;
  const size_t bytes = static_cast<size_t>((end - begin) * image.channels) * sizeof(float);
  for (int64_t l = 0; l < lines; l++, out += line_size) {
    const int64_t y = top + l;
    if (y < 0 || y >= image.height || begin == end) {
      std::fill_n(out, line_size, outside);
      continue;
    }
    std::fill_n(out, begin * image.channels, outside);
    std::memcpy(out + begin * image.channels, image.data + (y * image.width + left + begin) * image.channels, bytes);
    std::fill(out + end * image.channels, out + line_size, outside);
  }
}

bool IsInside(const ImageF32& image, int64_t top, int64_t left, int64_t lines, int64_t columns) {
  return top >= 0 && left >= 0 && top + lines <= image.height && left + columns <= image.width;
}

}  // namespace qk
