#ifndef QK_MOVEMENT_H_
#define QK_MOVEMENT_H_

#include <cstdint>

#include "qk/context.h"
#include "qk/types.h"

namespace qk {

constexpr int kMostCopyAxes = 12;

// A copy between two strided views of one shape, counted in elements. A source stride of 0 repeats elements.
struct StridedCopy {
  int rank;
  int64_t size[kMostCopyAxes];
  int64_t from_stride[kMostCopyAxes];
  int64_t to_stride[kMostCopyAxes];
};

// to[Σ i·to_stride] = from[Σ i·from_stride] for every index i of the shape: transpose, slice, concat, pad and tile are such
// copies. Elements of 4 or 1 bytes; the views must not overlap, and no two indices may share a target. Order of writes and
// number of threads do not matter to the result.
void CopyStrided(Context& context, const StridedCopy& copy, int element_bytes, const void* from, void* to);

// Rows picked by index: to[o][c][i] = from[o][indices[c]][i] with o < outer, c < count, i < inner elements.
// Returns kBadArgument, before writing anything, when an index lies outside [0, rows).
Status GatherRows(Context& context, int64_t outer, int64_t rows, int64_t inner, int64_t count, int element_bytes,
                  const void* from, const int32_t* indices, void* to);

}  // namespace qk

#endif  // QK_MOVEMENT_H_
