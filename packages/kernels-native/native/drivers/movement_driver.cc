#include <algorithm>
#include <cstring>

#include "qk/movement.h"

namespace qk {
namespace {

constexpr int64_t kGrainElements = 1 << 14;  // elements per range: 64 KiB, far more than a loop costs to start
constexpr int64_t kTile = 16;                // side of a transposed block: 16 lines of 64 bytes on either side

// Drops axes of one element and joins neighbours that are contiguous in both views; the last axis becomes as long as it can.
StridedCopy Simplify(const StridedCopy& copy) {
  StridedCopy simple{};
  for (int axis = 0; axis < copy.rank; axis++) {
    const int64_t size = copy.size[axis], from = copy.from_stride[axis], to = copy.to_stride[axis];
    if (size == 1) continue;
    const int last = simple.rank - 1;
    if (simple.rank > 0 && simple.from_stride[last] == from * size && simple.to_stride[last] == to * size) {
      simple.size[last] *= size;
      simple.from_stride[last] = from;
      simple.to_stride[last] = to;
    } else {
      simple.size[simple.rank] = size;
      simple.from_stride[simple.rank] = from;
      simple.to_stride[simple.rank] = to;
      simple.rank++;
    }
  }
  if (simple.rank == 0) simple = {1, {1}, {1}, {1}};
  return simple;
}

// Moves an axis to the end; the order of the others stays.
void MoveLast(StridedCopy* copy, int axis) {
  std::rotate(copy->size + axis, copy->size + axis + 1, copy->size + copy->rank);
  std::rotate(copy->from_stride + axis, copy->from_stride + axis + 1, copy->from_stride + copy->rank);
  std::rotate(copy->to_stride + axis, copy->to_stride + axis + 1, copy->to_stride + copy->rank);
}

template <class T>
void CopyRun(int64_t count, const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  if (from_stride == 1 && to_stride == 1) {
    if (count * static_cast<int64_t>(sizeof(T)) >= 32) {
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    } else {
      for (int64_t i = 0; i < count; i++) to[i] = from[i];
    }
  } else if (from_stride == 0 && to_stride == 1) {
    std::fill_n(to, count, *from);
  } else {
    for (int64_t i = 0; i < count; i++) to[i * to_stride] = from[i * from_stride];
  }
}

// to[r·to_row + c] = from[r + c·from_column]: both sides in whole cache lines, block by block.
template <class T>
void TransposeBlocks(int64_t rows, int64_t columns, const T* from, int64_t from_column, T* to, int64_t to_row) {
  for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
    const int64_t r1 = std::min(r0 + kTile, rows);
    for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
      const int64_t c1 = std::min(c0 + kTile, columns);
      for (int64_t r = r0; r < r1; r++) {
        for (int64_t c = c0; c < c1; c++) to[r * to_row + c] = from[r + c * from_column];
      }
    }
  }
}

// Calls body(from offset, to offset) for the indices [begin, end) of the first `axes` axes, in row-major order.
template <class Body>
void ForEachIndex(const StridedCopy& copy, int axes, int64_t begin, int64_t end, Body&& body) {
  int64_t index[kMostCopyAxes] = {};
  int64_t from = 0, to = 0, left = begin;
  for (int axis = axes - 1; axis >= 0; axis--) {
    index[axis] = left % copy.size[axis];
    left /= copy.size[axis];
    from += index[axis] * copy.from_stride[axis];
    to += index[axis] * copy.to_stride[axis];
  }
  for (int64_t position = begin; position < end; position++) {
    body(from, to);
    for (int axis = axes - 1; axis >= 0; axis--) {
      from += copy.from_stride[axis];
      to += copy.to_stride[axis];
      if (++index[axis] < copy.size[axis]) break;
      from -= copy.size[axis] * copy.from_stride[axis];
      to -= copy.size[axis] * copy.to_stride[axis];
      index[axis] = 0;
    }
  }
}

int64_t CountOf(const StridedCopy& copy, int axes) {
  int64_t count = 1;
  for (int axis = 0; axis < axes; axis++) count *= copy.size[axis];
  return count;
}

template <class T>
void Copy(Context& context, StridedCopy copy, const T* from, T* to) {
  // An axis that is contiguous in the source only is copied in blocks together with one that is contiguous in the target.
  int from_axis = -1, to_axis = -1;
  for (int axis = 0; axis < copy.rank; axis++) {
    if (copy.from_stride[axis] == 1 && copy.to_stride[axis] != 1) from_axis = axis;
    if (copy.to_stride[axis] == 1 && copy.from_stride[axis] > 1) to_axis = axis;
  }
  if (from_axis >= 0 && to_axis >= 0) {
    MoveLast(&copy, from_axis);
    MoveLast(&copy, to_axis > from_axis ? to_axis - 1 : to_axis);
    // Long columns are cut, so that a single matrix is work for several threads too.
    const int outer = copy.rank - 2;
    const int64_t rows = copy.size[outer], columns = copy.size[outer + 1];
    const int64_t row_step = std::max<int64_t>(kTile, kGrainElements / columns / kTile * kTile);
    const int64_t pieces = (rows + row_step - 1) / row_step;
    const int64_t grain = std::max<int64_t>(kGrainElements / (std::min(rows, row_step) * columns), 1);
    context.pool().ParallelFor(CountOf(copy, outer) * pieces, grain, [&](int64_t begin, int64_t end, int) {
      for (int64_t piece = begin; piece < end; piece++) {
        const int64_t r0 = piece % pieces * row_step;
        ForEachIndex(copy, outer, piece / pieces, piece / pieces + 1, [&](int64_t f, int64_t t) {
          TransposeBlocks(std::min(row_step, rows - r0), columns, from + f + r0, copy.from_stride[outer + 1],
                          to + t + r0 * copy.to_stride[outer], copy.to_stride[outer]);
        });
      }
    });
    return;
  }
  const int outer = copy.rank - 1;
  const int64_t run = copy.size[outer];
  const int64_t run_step = std::min(run, 4 * kGrainElements);
  const int64_t pieces = (run + run_step - 1) / run_step;
  context.pool().ParallelFor(CountOf(copy, outer) * pieces, std::max<int64_t>(kGrainElements / run_step, 1),
                             [&](int64_t begin, int64_t end, int) {
                               if (pieces == 1) {
                                 ForEachIndex(copy, outer, begin, end, [&](int64_t f, int64_t t) {
                                   CopyRun(run, from + f, copy.from_stride[outer], to + t, copy.to_stride[outer]);
                                 });
                                 return;
                               }
                               for (int64_t piece = begin; piece < end; piece++) {
                                 const int64_t i0 = piece % pieces * run_step;
                                 ForEachIndex(copy, outer, piece / pieces, piece / pieces + 1, [&](int64_t f, int64_t t) {
                                   CopyRun(std::min(run_step, run - i0), from + f + i0 * copy.from_stride[outer],
                                           copy.from_stride[outer], to + t + i0 * copy.to_stride[outer], copy.to_stride[outer]);
                                 });
                               }
                             });
}

}  // namespace

void CopyStrided(Context& context, const StridedCopy& copy, int element_bytes, const void* from, void* to) {
  if (CountOf(copy, copy.rank) == 0) return;
  const StridedCopy simple = Simplify(copy);
  if (element_bytes == 4) {
    Copy(context, simple, static_cast<const uint32_t*>(from), static_cast<uint32_t*>(to));
  } else {
    Copy(context, simple, static_cast<const uint8_t*>(from), static_cast<uint8_t*>(to));
  }
}

Status GatherRows(Context& context, int64_t outer, int64_t rows, int64_t inner, int64_t count, int element_bytes,
                  const void* from, const int32_t* indices, void* to) {
  for (int64_t c = 0; c < count; c++) {
    if (indices[c] < 0 || indices[c] >= rows) return Status::kBadArgument;
  }
  const int64_t bytes = inner * element_bytes;
  if (outer * count * bytes == 0) return Status::kOk;
  const auto* source = static_cast<const uint8_t*>(from);
  auto* target = static_cast<uint8_t*>(to);
  const int64_t grain = std::max<int64_t>(4 * kGrainElements / bytes, 1);
  context.pool().ParallelFor(outer * count, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t picked = row / count * rows + indices[row % count];
      std::memcpy(target + row * bytes, source + picked * bytes, static_cast<size_t>(bytes));
    }
  });
  return Status::kOk;
}

}  // namespace qk
