#ifndef QK_TYPES_H_
#define QK_TYPES_H_

#include <cstddef>
#include <cstdint>

namespace qk {

// What a driver reports back. TypeScript turns everything but kOk into an error class.
enum class Status : int32_t {
  kOk = 0,
  kBadArgument = 1,  // wrong type, count or value
  kBadLength = 2,    // an array is shorter than the dimensions say
  kOutOfMemory = 3,  // scratch memory could not be allocated
};

// A typed array as it came from JavaScript: a view, never a copy.
template <class T>
struct Span {
  T* data;
  int64_t length;  // elements
};

// ⌈a / b⌉ for a >= 0 and b > 0.
inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace qk

#endif  // QK_TYPES_H_
