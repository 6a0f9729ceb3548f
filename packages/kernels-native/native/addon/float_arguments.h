#ifndef QK_ADDON_FLOAT_ARGUMENTS_H_
#define QK_ADDON_FLOAT_ARGUMENTS_H_

#include <initializer_list>

#include "arguments.h"
#include "qk/conv_f32.h"

namespace qk {

// Largest side of an image, stride, dilation or border.
inline constexpr int64_t kLargestSide = int64_t{1} << 24;

// The product of sizes, an error above 2^40: every count that reaches a driver is below.
int64_t RequireCount(Arguments& arguments, std::initializer_list<int64_t> sizes);

// The next argument, a Float32Array of at least `length`.
float* NextFloats(Arguments& arguments, int64_t length);

// The same, or null where the argument is null.
float* NextOptionalFloats(Arguments& arguments, int64_t length);

// The 15 numbers of a ConvShape in the order of its fields.
ConvShape NextConvShape(Arguments& arguments);

}  // namespace qk

#endif  // QK_ADDON_FLOAT_ARGUMENTS_H_
