#include "float_arguments.h"

namespace qk {

int64_t RequireCount(Arguments& arguments, std::initializer_list<int64_t> sizes) {
  // Exact where it is accepted: then no partial product is larger, or a size is 0 and so is the product.
  double product = 1;
  for (const int64_t size : sizes) product *= static_cast<double>(size);
  if (!arguments.Require(product <= static_cast<double>(int64_t{1} << 40), Status::kBadArgument)) return 0;
  return static_cast<int64_t>(product);
}

float* NextFloats(Arguments& arguments, int64_t length) {
  const Span<float> span = arguments.NextF32();
  arguments.Require(span.length >= length);
  return span.data;
}

float* NextOptionalFloats(Arguments& arguments, int64_t length) {
  return arguments.SkipNull() ? nullptr : NextFloats(arguments, length);
}

ConvShape NextConvShape(Arguments& arguments) {
  ConvShape s;
  for (int64_t* size : {&s.batch, &s.in_height, &s.in_width, &s.in_channels, &s.out_height, &s.out_width, &s.out_channels}) {
    *size = arguments.NextInt(0, kLargestSide);
  }
  for (int64_t* size :
       {&s.filter_height, &s.filter_width, &s.stride_height, &s.stride_width, &s.dilation_height, &s.dilation_width}) {
    *size = arguments.NextInt(1, kLargestSide);
  }
  s.pad_top = arguments.NextInt(0, kLargestSide);
  s.pad_left = arguments.NextInt(0, kLargestSide);
  // The window of source pixels under all positions bounds everything a driver allocates.
  const int64_t lines = s.out_height * s.stride_height + s.filter_height * s.dilation_height;
  const int64_t columns = s.out_width * s.stride_width + s.filter_width * s.dilation_width;
  RequireCount(arguments, {lines, columns, s.in_channels + 1});
  RequireCount(arguments, {s.in_height + lines, s.in_width + columns, s.out_channels + 1});
  RequireCount(arguments, {s.filter_height, s.filter_width, s.in_channels + 1, s.out_channels + 1});
  return s;
}

}  // namespace qk
