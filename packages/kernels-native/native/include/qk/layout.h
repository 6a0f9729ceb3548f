#ifndef QK_LAYOUT_H_
#define QK_LAYOUT_H_

#include <cstdint>

namespace qk {

enum class Granularity : int32_t { kTensor, kAxis, kGroup };

// A row-major tensor [outer, length, inner] around its quantization axis, and who shares a parameter:
//   kTensor  everything; length = inner = 1
//   kAxis    parameter c of [length] for every (o, c, *)
//   kGroup   parameter (o, c / size, i) of [outer, ceil(length / size), inner]
struct Layout {
  Granularity granularity;
  int64_t outer;
  int64_t length;
  int64_t inner;
  int64_t size;  // of a group; 1 otherwise

  int64_t count() const { return outer * length * inner; }
  int64_t blocks() const { return (length + size - 1) / size; }
  int64_t parameters() const {
    switch (granularity) {
      case Granularity::kTensor:
        return 1;
      case Granularity::kAxis:
        return length;
      case Granularity::kGroup:
        return outer * blocks() * inner;
    }
    return 0;
  }
};

}  // namespace qk

#endif  // QK_LAYOUT_H_
