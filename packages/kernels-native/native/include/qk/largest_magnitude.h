#ifndef QK_LARGEST_MAGNITUDE_H_
#define QK_LARGEST_MAGNITUDE_H_

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace qk {

// max |x|, 0 for none. Loops the compiler turns into SIMD of the ABI floor.
inline int64_t LargestMagnitude(const int32_t* x, int64_t count) {
  int32_t low = 0;
  int32_t high = 0;
  for (int64_t i = 0; i < count; i++) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  return std::max(-int64_t{low}, int64_t{high});
}

// The same for floats; infinite or NaN when one of them is: magnitudes order like their bits, NaN last.
inline float LargestMagnitude(const float* x, int64_t count) {
  int32_t largest = 0;
  for (int64_t i = 0; i < count; i++) {
    int32_t bits;
    std::memcpy(&bits, x + i, sizeof(bits));
    largest = std::max(largest, bits & 0x7FFFFFFF);
  }
  float magnitude;
  std::memcpy(&magnitude, &largest, sizeof(magnitude));
  return magnitude;
}

}  // namespace qk

#endif  // QK_LARGEST_MAGNITUDE_H_
