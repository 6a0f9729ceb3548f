#ifndef QK_IMAGE_WINDOW_H_
#define QK_IMAGE_WINDOW_H_

#include <cstdint>

namespace qk {

// One image of floats, [height][width][channels].
struct ImageF32 {
  const float* data;
  int64_t height, width, channels;
};

// Copies `lines` x `columns` pixels starting at (top, left) to out, contiguous; pixels outside the image become `outside`.
// The window may begin before the image and end behind it.
void CopyWindow(const ImageF32& image, int64_t top, int64_t left, int64_t lines, int64_t columns, float outside, float* out);

// Whether all pixels of that window lie inside the image, so that it can be read in place.
bool IsInside(const ImageF32& image, int64_t top, int64_t left, int64_t lines, int64_t columns);

}  // namespace qk

#endif  // QK_IMAGE_WINDOW_H_
