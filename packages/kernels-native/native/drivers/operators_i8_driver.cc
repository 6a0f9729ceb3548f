#include <algorithm>
#include <cmath>
#include <cstring>

#include "qk/lookup_i8.h"
#include "qk/operators_i8.h"

namespace qk {
namespace {

// Bytes a task handles: about 5 µs.
constexpr int64_t kTaskBytes = 65536;

}  // namespace

void RunElementwiseI8(Context& context, bool is_add, const ElementwiseI8& call) {
  const ElementwiseI8Table& table = ElementwiseI8Tables(context.tier());
  const auto kernel = is_add ? table.add.run : table.mul.run;
  context.pool().ParallelFor(call.count, kTaskBytes, [&](int64_t begin, int64_t end, int) {
    ElementwiseI8 part = call;
    part.a += begin;
    part.b += begin;
    part.out += begin;
    part.count = end - begin;
    kernel(part);
  });
}

void RunLookupI8(Context& context, const uint8_t* codes, int64_t count, const uint8_t* table, uint8_t* out) {
  const auto kernel = LookupI8Tables(context.tier()).run.run;
  context.pool().ParallelFor(count, 2 * kTaskBytes, [&](int64_t begin, int64_t end, int) {
    kernel(codes + begin, end - begin, table, out + begin);
  });
}

void RunConcatI8(Context& context, const uint8_t* codes, int64_t rows, int64_t width, const uint8_t* table, uint8_t* out,
                 int64_t out_width, int64_t column) {
  const auto kernel = LookupI8Tables(context.tier()).run.run;
  const int64_t grain = std::max<int64_t>(1, kTaskBytes / std::max<int64_t>(width, 1));
  context.pool().ParallelFor(rows, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) kernel(codes + row * width, width, table, out + row * out_width + column);
  });
}

void RunSoftmaxI8(Context& context, const SoftmaxI8Call& call) {
  const SoftmaxI8Call c = call;
  const float low = static_cast<float>(c.qmin - c.zero_point);
  const float high = static_cast<float>(c.qmax - c.zero_point);
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(c.columns, 1));
  context.pool().ParallelFor(c.rows, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const uint8_t* codes = c.input + row * c.columns;
      uint8_t* out = c.out + row * c.columns;
      uint8_t largest = 0;
      for (int64_t j = 0; j < c.columns; j++) largest = std::max<uint8_t>(largest, codes[j] ^ c.flip);
      uint64_t sum = 0;
      for (int64_t j = 0; j < c.columns; j++) sum += c.table[largest - (codes[j] ^ c.flip)];
      // One output code per distance from the largest code: at most 256 of them.
      const float factor = c.inverse_scale / static_cast<float>(sum);
      uint8_t code_of[256];
      const int64_t distances = static_cast<int64_t>(largest) + 1;
      for (int64_t d = 0; d < distances; d++) {
        const float real = static_cast<float>(c.table[d]) * factor;
        const float clamped = real > low ? (real < high ? real : high) : low;
        code_of[d] = static_cast<uint8_t>((static_cast<int32_t>(std::nearbyintf(clamped)) + c.zero_point) ^ c.flip_out);
      }
      for (int64_t j = 0; j < c.columns; j++) out[j] = code_of[largest - (codes[j] ^ c.flip)];
    }
  });
}

}  // namespace qk
