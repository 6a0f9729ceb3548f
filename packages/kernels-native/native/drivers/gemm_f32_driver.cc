#include <algorithm>
#include <cstring>

#include "qk/context.h"
#include "qk/gemm_f32.h"

// Blocking:  for blocks of m x n (one task each)
//              for blocks of k (kDepth)
//                pack the rows of a: [row][kDepth], rows kDepth + kPad apart, so they do not meet in one cache set
//                for panels of b: [k][max_columns]
//                  for tiles of max_rows: the kernel
// A panel (kDepth x 32 floats = 32 KB) stays in the first-level cache under a sweep of tiles, the packed rows of a task in
// the second.

namespace qk {
namespace {

constexpr int64_t kDepth = 256;
constexpr int64_t kPad = 16;
constexpr int64_t kTaskRows = 120;     // a multiple of every tier's tile rows
constexpr int64_t kTaskColumns = 512;  // a multiple of every tier's panel
// Reading b in place touches a new page per row when rows are far apart; packing pays once this many tiles use a panel.
constexpr int64_t kTilesToPack = 6;
constexpr int64_t kNarrow = 64;  // columns up to which b's rows are close enough to be read in place

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Plan {
  const GemmF32Call& call;
  const GemmF32Table& table;
  bool pack_a, pack_b;
  int64_t depth_blocks, panels;
  int64_t row_tasks, column_tasks;
  float* packed_b;            // [depth block][panel][k][max_columns], or null
  float* const* row_scratch;  // per thread, kTaskRows * (kDepth + kPad)
};

// Panel `panel` of depth block `block` of matrix b; columns beyond n are not written.
void PackPanel(const Plan& plan, const float* b, int64_t block, int64_t panel) {
  const GemmF32Call& call = plan.call;
  const int64_t width = plan.table.max_columns, k0 = block * kDepth, depth = std::min(kDepth, call.k - k0);
  const int64_t j0 = panel * width, columns = std::min(width, call.n - j0);
  float* out = plan.packed_b + k0 * plan.panels * width + panel * depth * width;
  if (call.transpose_b) {
    plan.table.transpose.run(b + j0 * call.b_stride + k0, call.b_stride, columns, depth, out, width);
    return;
  }
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  for (int64_t d = 0; d < depth; d++) std::memcpy(out + d * width, b + (k0 + d) * call.b_stride + j0, bytes);
}

void PackRows(const Plan& plan, const float* a, int64_t i0, int64_t rows, int64_t k0, int64_t depth, float* out) {
  const GemmF32Call& call = plan.call;
  if (call.transpose_a) {
    plan.table.transpose.run(a + k0 * call.a_stride + i0, call.a_stride, depth, rows, out, kDepth + kPad);
    return;
  }
  const size_t bytes = static_cast<size_t>(depth) * sizeof(float);
  for (int64_t i = 0; i < rows; i++) std::memcpy(out + i * (kDepth + kPad), a + (i0 + i) * call.a_stride + k0, bytes);
}

// One task: rows [i0, i0 + rows) times columns [j0, j0 + columns) over all of k.
void RunBlock(const Plan& plan, const float* a, const float* b, float* c, int64_t i0, int64_t rows, int64_t j0, int64_t columns,
              float* row_scratch) {
  const GemmF32Call& call = plan.call;
  const GemmF32Table& table = plan.table;
  const int64_t offset = 0, width = table.max_columns;
  const int64_t tiles = CeilDiv(rows, table.max_rows);
  for (int64_t block = 0; block < plan.depth_blocks; block++) {
    const int64_t k0 = block * kDepth, depth = std::min(kDepth, call.k - k0);
    const bool last = block + 1 == plan.depth_blocks;
    if (plan.pack_a) PackRows(plan, a, i0, rows, k0, depth, row_scratch);
    const float* const first_row = plan.pack_a ? row_scratch : a + i0 * call.a_stride + k0;
    const int64_t row_stride = plan.pack_a ? kDepth + kPad : call.a_stride;
    for (int64_t j = j0; j < j0 + columns; j += width) {
      GemmF32Tile tile = {};
      tile.tap_offsets = &offset;
      tile.taps = 1;
      tile.depth = depth;
      tile.columns = std::min(width, j0 + columns - j);
      tile.b = plan.pack_b ? plan.packed_b + k0 * plan.panels * width + j * depth : b + k0 * call.b_stride + j;
      tile.b_stride = plan.pack_b ? width : call.b_stride;
      tile.column = j;
      tile.epilogue.bias = last ? call.bias : nullptr;
      tile.epilogue.accumulate = block > 0 || call.accumulate;
      tile.epilogue.minimum = last ? call.minimum : -__builtin_inff();
      tile.epilogue.maximum = last ? call.maximum : __builtin_inff();
      const float* a_rows[kGemmF32MostRows];
      float* c_rows[kGemmF32MostRows];
      tile.a_rows = a_rows;
      tile.c_rows = c_rows;
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t begin = rows * t / tiles;
        tile.rows = rows * (t + 1) / tiles - begin;
        for (int64_t r = 0; r < tile.rows; r++) {
          a_rows[r] = first_row + (begin + r) * row_stride;
          c_rows[r] = c + (i0 + begin + r) * call.c_stride;
        }
        table.tile.run(tile);
      }
    }
  }
}

// All blocks of one matrix product, shared among the threads.
void RunMatrix(const Plan& plan, ThreadPool& pool, const float* a, const float* b, float* c) {
  const GemmF32Call& call = plan.call;
  if (plan.pack_b) {
    pool.ParallelFor(plan.depth_blocks * plan.panels, 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) PackPanel(plan, b, i / plan.panels, i % plan.panels);
    });
  }
  pool.ParallelFor(plan.row_tasks * plan.column_tasks, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t i0 = i / plan.column_tasks * kTaskRows, j0 = i % plan.column_tasks * kTaskColumns;
      RunBlock(plan, a, b, c, i0, std::min(kTaskRows, call.m - i0), j0, std::min(kTaskColumns, call.n - j0),
               plan.row_scratch[thread]);
    }
  });
}

// A batch that shares b and lies without gaps is one taller matrix.
GemmF32Call Fold(GemmF32Call call) {
  if (call.batch > 1 && call.b_batch == 0 && !call.transpose_a && call.a_batch == call.m * call.a_stride &&
      call.c_batch == call.m * call.c_stride) {
    call.m *= call.batch;
    call.batch = 1;
  }
  return call;
}

}  // namespace

Status GemmF32(Context& context, const GemmF32Call& original) {
  const GemmF32Call call = Fold(original);
  if (call.m == 0 || call.n == 0 || call.batch == 0) return Status::kOk;
  const GemmF32Table& table = GemmF32Tables(context.tier());
  ThreadPool& pool = context.pool();
  Scratch scratch(context);

  const int64_t panels = CeilDiv(call.n, table.max_columns);
  const bool pack_b = call.transpose_b || (call.n > kNarrow && CeilDiv(call.m, table.max_rows) >= kTilesToPack);
  const bool pack_a = call.transpose_a || panels > 2;
  Plan plan = {call,
               table,
               pack_a,
               pack_b,
               std::max<int64_t>(CeilDiv(call.k, kDepth), 1),
               panels,
               CeilDiv(call.m, kTaskRows),
               CeilDiv(call.n, kTaskColumns),
               nullptr,
               nullptr};

  const size_t threads = static_cast<size_t>(pool.threads());
  float** row_scratch = scratch.Take<float*>(threads);
  if (row_scratch == nullptr) return Status::kOutOfMemory;
  for (size_t i = 0; i < threads; i++) {
    row_scratch[i] = pack_a ? scratch.Take<float>(static_cast<size_t>(kTaskRows * (kDepth + kPad))) : nullptr;
    if (pack_a && row_scratch[i] == nullptr) return Status::kOutOfMemory;
  }
  plan.row_scratch = row_scratch;
  const size_t packed_size = pack_b ? static_cast<size_t>(call.k * panels * table.max_columns) : 0;

  if (call.batch >= 2 * pool.threads() && plan.row_tasks * plan.column_tasks == 1) {
    // Many small products: a thread does whole ones, each with panels of its own.
    float** packed = scratch.Take<float*>(threads);
    if (packed == nullptr) return Status::kOutOfMemory;
    for (size_t i = 0; i < threads; i++) {
      packed[i] = pack_b ? scratch.Take<float>(packed_size) : nullptr;
      if (pack_b && packed[i] == nullptr) return Status::kOutOfMemory;
    }
    pool.ParallelFor(call.batch, 1, [&](int64_t begin, int64_t end, int thread) {
      Plan own = plan;
      own.packed_b = packed[thread];
      for (int64_t i = begin; i < end; i++) {
        const float* b = call.b + i * call.b_batch;
        for (int64_t p = 0; pack_b && p < own.depth_blocks * panels; p++) PackPanel(own, b, p / panels, p % panels);
        RunBlock(own, call.a + i * call.a_batch, b, call.c + i * call.c_batch, 0, call.m, 0, call.n, row_scratch[thread]);
      }
    });
    return Status::kOk;
  }
  if (pack_b) {
    plan.packed_b = scratch.Take<float>(packed_size);
    if (plan.packed_b == nullptr) return Status::kOutOfMemory;
  }
  for (int64_t i = 0; i < call.batch; i++) {
    RunMatrix(plan, pool, call.a + i * call.a_batch, call.b + i * call.b_batch, call.c + i * call.c_batch);
  }
  return Status::kOk;
}

}  // namespace qk
