#include "qk/gemm_f32.h"

#include <algorithm>
#include <vector>

#include "float_check.h"

namespace qk::test {
namespace {

// Every tile size, two taps, all ways to start; rows, columns and b end at guard pages.
void Tiles(Context& context) {
  const GemmF32Table& table = GemmF32Tables(context.tier());
  Random random(1);
  for (int64_t rows = 1; rows <= table.max_rows; rows++) {
    for (int64_t columns = 1; columns <= table.max_columns; columns++) {
      const int64_t depth = random.Integer(0, 9), taps = random.Integer(0, 3), stride = columns + random.Integer(0, 2);
      const Guarded<float> a(rows * (taps * depth + 1)), b(std::max<int64_t>(taps * depth * stride - (stride - columns), 0));
      const Guarded<float> c(rows * columns), bias(columns), residual(rows * columns);
      for (const Guarded<float>* values : {&a, &b, &c, &bias, &residual}) Fill(random, *values);
      std::vector<const float*> a_rows, residual_rows;
      std::vector<float*> c_rows;
      std::vector<int64_t> offsets;
      for (int64_t r = 0; r < rows; r++) {
        a_rows.push_back(a.data() + r * taps * depth);
        c_rows.push_back(c.data() + r * columns);
        residual_rows.push_back(residual.data() + r * columns);
      }
      for (int64_t t = 0; t < taps; t++) offsets.push_back((taps - 1 - t) * depth);
      GemmF32Tile tile = {};
      tile.a_rows = a_rows.data();
      tile.tap_offsets = offsets.data();
      tile.taps = taps;
      tile.depth = depth;
      tile.b = b.data();
      tile.b_stride = stride;
      tile.c_rows = c_rows.data();
      tile.rows = rows;
      tile.columns = columns;
      tile.epilogue = {columns % 2 == 0 ? bias.data() : nullptr, rows % 2 == 0 ? residual_rows.data() : nullptr,
                       random.Integer(0, 1) == 1, -2.0f, 3.0f};
      std::vector<float> before(c.data(), c.data() + c.size());
      table.tile.run(tile);
      for (int64_t r = 0; r < rows; r++) {
        for (int64_t j = 0; j < columns; j++) {
          ExactSum exact;
          for (int64_t t = 0; t < taps; t++) {
            for (int64_t d = 0; d < depth; d++) {
              exact.Add(static_cast<double>(a_rows[static_cast<size_t>(r)][offsets[static_cast<size_t>(t)] + d]) *
                        b[(t * depth + d) * stride + j]);
            }
          }
          if (tile.epilogue.bias != nullptr) exact.Add(bias[j]);
          if (tile.epilogue.accumulate) exact.Add(before[static_cast<size_t>(r * columns + j)]);
          if (tile.epilogue.residual_rows != nullptr) exact.Add(residual[r * columns + j]);
          exact.value = std::clamp(exact.value, -2.0, 3.0);
          Check(IsNear(c[r * columns + j], exact), "tile");
        }
      }
    }
  }
}

void TransposeBlocks(Context& context) {
  const GemmF32Table& table = GemmF32Tables(context.tier());
  Random random(2);
  for (int64_t rows = 0; rows <= 35; rows++) {
    for (int64_t columns = 0; columns <= 35; columns++) {
      const Guarded<float> x(rows * columns), y(rows * columns);
      Fill(random, x);
      table.transpose.run(x.data(), columns, rows, columns, y.data(), rows);
      bool equal = true;
      for (int64_t i = 0; i < x.size(); i++) equal &= y[i % columns * rows + i / columns] == x[i];
      Check(equal, "transpose");
    }
  }
}

struct Shape {
  int64_t m, n, k, batch;
  bool transpose_a, transpose_b, shares_b;
};

void CheckProduct(Context& context, Random& random, const Shape& s) {
  const Guarded<float> a(s.batch * s.m * s.k), b((s.shares_b ? 1 : s.batch) * s.k * s.n), c(s.batch * s.m * s.n), bias(s.n);
  for (const Guarded<float>* values : {&a, &b, &c, &bias}) Fill(random, *values);
  const bool accumulate = random.Integer(0, 3) == 0, with_bias = random.Integer(0, 1) == 1;
  std::vector<float> before(c.data(), c.data() + c.size());
  GemmF32Call call = {};
  call.m = s.m;
  call.n = s.n;
  call.k = s.k;
  call.batch = s.batch;
  call.a = {a.data(), s.transpose_a ? s.m : s.k, s.transpose_a};
  call.b = {b.data(), s.transpose_b ? s.k : s.n, s.transpose_b};
  call.c = c.data();
  call.c_stride = s.n;
  call.a_batch = s.m * s.k;
  call.b_batch = s.shares_b ? 0 : s.k * s.n;
  call.c_batch = s.m * s.n;
  call.bias = with_bias ? bias.data() : nullptr;
  call.accumulate = accumulate;
  call.minimum = -kInfinity;
  call.maximum = kInfinity;
  const Guarded<float> packed(PackedF32Size(context.tier(), s.k, s.n));
  if ((s.shares_b || s.batch == 1) && random.Integer(0, 1) == 1) {
    PackF32(context, call.b, s.k, s.n, packed.data());
    call.packed_b = packed.data();
  }
  const Status status = GemmF32(context, call);
  Check(status == Status::kOk, "status");
  bool near = true;
  for (int64_t p = 0; p < s.batch; p++) {
    const float *pa = a.data() + p * s.m * s.k, *pb = b.data() + (s.shares_b ? 0 : p * s.k * s.n);
    for (int64_t i = 0; i < s.m; i++) {
      for (int64_t j = 0; j < s.n; j++) {
        ExactSum exact;
        for (int64_t d = 0; d < s.k; d++) {
          exact.Add(static_cast<double>(s.transpose_a ? pa[d * s.m + i] : pa[i * s.k + d]) *
                    (s.transpose_b ? pb[j * s.k + d] : pb[d * s.n + j]));
        }
        const int64_t at = (p * s.m + i) * s.n + j;
        if (with_bias) exact.Add(bias[j]);
        if (accumulate) exact.Add(before[static_cast<size_t>(at)]);
        near &= IsNear(c[at], exact);
      }
    }
  }
  Check(near, "product");
}

void Products(Context& context) {
  Random random(3);
  for (int i = 0; i < 60; i++) {
    CheckProduct(context, random,
                 {random.Integer(0, 70), random.Integer(1, 70), random.Integer(0, 90), random.Integer(1, 3),
                  random.Integer(0, 1) == 1, random.Integer(0, 1) == 1, random.Integer(0, 1) == 1});
  }
  // Beyond one block of depth, of rows and of columns; many small products; a vector.
  CheckProduct(context, random, {131, 67, 531, 1, false, false, false});
  CheckProduct(context, random, {125, 521, 19, 1, true, true, false});
  CheckProduct(context, random, {7, 9, 11, 23, false, true, false});
  CheckProduct(context, random, {1, 300, 517, 1, false, false, false});
}

const Registration tiles("gemm_f32 tiles", Tiles);
const Registration transposes("transpose_f32 blocks", TransposeBlocks);
const Registration products("gemm_f32 products", Products);

}  // namespace
}  // namespace qk::test
