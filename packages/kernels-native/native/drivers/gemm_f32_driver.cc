#include <algorithm>
#include <cstring>

#include "qk/context.h"
#include "qk/gemm_f32.h"

// Blocking:  for blocks of rows and groups of panels (one task each)
//              for blocks of k (kDepth)
//                pack the rows of a: [row][kDepth], rows kDepth + kPad apart, so they do not meet in one cache set
//                for panels of b: [k][max_columns]
//                  for tiles of max_rows: the kernel
// A panel's block (kDepth x 32 floats = 32 KB) stays in the first-level cache under a sweep of tiles, the packed rows of a
// task in the second.

namespace qk {
namespace {

constexpr int64_t kDepth = 256;
constexpr int64_t kPad = 16;
constexpr int64_t kTaskRows = 144;     // at most
constexpr int64_t kTaskColumns = 512;  // at most
constexpr int64_t kNarrow = 64;        // columns up to which b's rows are close enough to be read in place
// Rows of b that are far apart touch a page each; packing them pays once this many tiles use a panel.
constexpr int64_t kTilesToPack = 6;
// Packing a panel for one task alone keeps it in the cache; with more row blocks than these it is packed once for all.
constexpr int64_t kRowTasksToShare = 3;

// Where the kernel finds panels of b.
enum class Panels { kInPlace, kPacked, kPackedByTask };

struct Plan {
  const GemmF32Call& call;
  const GemmF32Table& table;
  bool pack_a;
  Panels source;
  int64_t panels, depth_blocks;
  int64_t row_tasks, task_rows, column_tasks;
  const float* packed;  // for kPacked: [panel][k][max_columns]
};

// Scratch memory of one thread.
struct Slice {
  float* rows;   // [kTaskRows][kDepth + kPad]
  float* panel;  // [kDepth][max_columns]
};

// Rows [k0, k0 + depth) of a panel; columns beyond n are not written.
void PackPanel(const GemmF32Table& table, const GemmF32Matrix& b, int64_t n, int64_t panel, int64_t k0, int64_t depth,
               float* out) {
  const int64_t width = table.max_columns, j0 = panel * width, columns = std::min(width, n - j0);
  if (b.transposed) {
    table.transpose.run(b.data + j0 * b.stride + k0, b.stride, columns, depth, out, width);
    return;
  }
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  for (int64_t d = 0; d < depth; d++) std::memcpy(out + d * width, b.data + (k0 + d) * b.stride + j0, bytes);
}

void PackRows(const Plan& plan, const float* a, int64_t i0, int64_t rows, int64_t k0, int64_t depth, float* out) {
  const GemmF32Matrix& matrix = plan.call.a;
  if (matrix.transposed) {
    plan.table.transpose.run(a + k0 * matrix.stride + i0, matrix.stride, depth, rows, out, kDepth + kPad);
    return;
  }
  const size_t bytes = static_cast<size_t>(depth) * sizeof(float);
  for (int64_t i = 0; i < rows; i++) std::memcpy(out + i * (kDepth + kPad), a + (i0 + i) * matrix.stride + k0, bytes);
}

// Points the tile at panel `panel` of rows [k0, k0 + depth) of b.
void PlacePanel(const Plan& plan, const float* b, int64_t panel, int64_t k0, int64_t depth, const Slice& slice,
                GemmF32Tile& tile) {
  const int64_t width = plan.table.max_columns;
  tile.b_stride = width;
  switch (plan.source) {
    case Panels::kInPlace:
      tile.b = b + k0 * plan.call.b.stride + panel * width;
      tile.b_stride = plan.call.b.stride;
      return;
    case Panels::kPacked:
      tile.b = plan.packed + (panel * plan.call.k + k0) * width;
      return;
    case Panels::kPackedByTask:
      PackPanel(plan.table, {b, plan.call.b.stride, plan.call.b.transposed}, plan.call.n, panel, k0, depth, slice.panel);
      tile.b = slice.panel;
      return;
  }
}

// One task: rows [i0, i0 + rows) times panels [first_panel, end_panel) over all of k.
void RunBlock(const Plan& plan, const float* a, const float* b, float* c, int64_t i0, int64_t rows, int64_t first_panel,
              int64_t end_panel, const Slice& slice) {
  const GemmF32Call& call = plan.call;
  const int64_t offset = 0, width = plan.table.max_columns, tiles = CeilDiv(rows, plan.table.max_rows);
  const float* a_rows[kGemmF32MostRows];
  float* c_rows[kGemmF32MostRows];
  GemmF32Tile tile = {};
  tile.tap_offsets = &offset;
  tile.taps = 1;
  tile.a_rows = a_rows;
  tile.c_rows = c_rows;
  for (int64_t block = 0; block < plan.depth_blocks; block++) {
    const int64_t k0 = block * kDepth, depth = std::min(kDepth, call.k - k0);
    const bool last = block + 1 == plan.depth_blocks;
    if (plan.pack_a) PackRows(plan, a, i0, rows, k0, depth, slice.rows);
    const float* const first_row = plan.pack_a ? slice.rows : a + i0 * call.a.stride + k0;
    const int64_t row_stride = plan.pack_a ? kDepth + kPad : call.a.stride;
    tile.depth = depth;
    tile.epilogue.bias = last ? call.bias : nullptr;
    tile.epilogue.accumulate = block > 0 || call.accumulate;
    tile.epilogue.minimum = last ? call.minimum : -__builtin_inff();
    tile.epilogue.maximum = last ? call.maximum : __builtin_inff();
    for (int64_t panel = first_panel; panel < end_panel; panel++) {
      PlacePanel(plan, b, panel, k0, depth, slice, tile);
      tile.column = panel * width;
      tile.columns = std::min(width, call.n - tile.column);
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t begin = rows * t / tiles;
        tile.rows = rows * (t + 1) / tiles - begin;
        for (int64_t r = 0; r < tile.rows; r++) {
          a_rows[r] = first_row + (begin + r) * row_stride;
          c_rows[r] = c + (i0 + begin + r) * call.c_stride;
        }
        plan.table.tile.run(tile);
      }
    }
  }
}

void RunTask(const Plan& plan, int64_t task, const Slice& slice) {
  const GemmF32Call& call = plan.call;
  const int64_t tasks = plan.row_tasks * plan.column_tasks, i = task / tasks;
  const int64_t row_task = task % tasks / plan.column_tasks, column_task = task % plan.column_tasks;
  const int64_t i0 = row_task * plan.task_rows;
  RunBlock(plan, call.a.data + i * call.a_batch, call.b.data + i * call.b_batch, call.c + i * call.c_batch, i0,
           std::min(plan.task_rows, call.m - i0), plan.panels * column_task / plan.column_tasks,
           plan.panels * (column_task + 1) / plan.column_tasks, slice);
}

// A batch that shares b and lies without gaps is one taller matrix.
GemmF32Call Fold(GemmF32Call call) {
  if (call.batch > 1 && call.b_batch == 0 && !call.a.transposed && call.a_batch == call.m * call.a.stride &&
      call.c_batch == call.m * call.c_stride) {
    call.m *= call.batch;
    call.batch = 1;
  }
  return call;
}

Plan MakePlan(const GemmF32Call& call, const GemmF32Table& table, int threads) {
  Plan plan = {call, table, false, Panels::kInPlace, CeilDiv(call.n, table.max_columns), 1, 1, 1, 1, call.packed_b};
  plan.depth_blocks = std::max<int64_t>(CeilDiv(call.k, kDepth), 1);
  plan.row_tasks = CeilDiv(call.m, kTaskRows);
  plan.task_rows = CeilDiv(CeilDiv(call.m, plan.row_tasks), table.max_rows) * table.max_rows;
  plan.row_tasks = CeilDiv(call.m, plan.task_rows);
  // Enough tasks for every thread; each packs its rows of a again.
  const int64_t wanted = threads == 1 ? 1 : CeilDiv(3 * threads, plan.row_tasks * call.batch);
  plan.column_tasks = std::min(plan.panels, std::max(wanted, CeilDiv(call.n, kTaskColumns)));
  plan.pack_a = call.a.transposed || plan.panels > 2;
  if (call.packed_b != nullptr) {
    plan.source = Panels::kPacked;
  } else if (call.b.transposed || (call.n > kNarrow && CeilDiv(call.m, table.max_rows) >= kTilesToPack)) {
    plan.source = plan.row_tasks >= kRowTasksToShare && call.batch == 1 ? Panels::kPacked : Panels::kPackedByTask;
  }
  return plan;
}

}  // namespace

int64_t PackedF32Size(Tier tier, int64_t k, int64_t n) {
  const int64_t width = GemmF32Tables(tier).max_columns;
  return CeilDiv(n, width) * width * k;
}

void PackF32(Context& context, const GemmF32Matrix& b, int64_t k, int64_t n, float* packed) {
  const GemmF32Table& table = GemmF32Tables(context.tier());
  context.pool().ParallelFor(CeilDiv(n, table.max_columns), 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t panel = begin; panel < end; panel++) {
      PackPanel(table, b, n, panel, 0, k, packed + panel * k * table.max_columns);
    }
  });
}

Status GemmF32(Context& context, const GemmF32Call& original) {
  const GemmF32Call call = Fold(original);
  if (call.m == 0 || call.n == 0 || call.batch == 0) return Status::kOk;
  const GemmF32Table& table = GemmF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);
  Plan plan = MakePlan(call, table, pool.threads());
  if (plan.source == Panels::kPacked && call.packed_b == nullptr) {
    float* packed = scratch.Take<float>(static_cast<size_t>(PackedF32Size(context.tier(), call.k, call.n)));
    if (packed == nullptr) return Status::kOutOfMemory;
    PackF32(context, call.b, call.k, call.n, packed);
    plan.packed = packed;
  }
  Slice* slices = scratch.Take<Slice>(static_cast<size_t>(pool.threads()));
  if (slices == nullptr) return Status::kOutOfMemory;
  for (int i = 0; i < pool.threads(); i++) {
    slices[i] = {};
    if (plan.pack_a) {
      slices[i].rows = scratch.Take<float>(static_cast<size_t>(plan.task_rows * (kDepth + kPad)));
      if (slices[i].rows == nullptr) return Status::kOutOfMemory;
    }
    if (plan.source == Panels::kPackedByTask) {
      slices[i].panel = scratch.Take<float>(static_cast<size_t>(kDepth * table.max_columns));
      if (slices[i].panel == nullptr) return Status::kOutOfMemory;
    }
  }
  pool.ParallelFor(call.batch * plan.row_tasks * plan.column_tasks, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t task = begin; task < end; task++) RunTask(plan, task, slices[thread]);
  });
  return Status::kOk;
}

}  // namespace qk
