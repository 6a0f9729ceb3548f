#include <algorithm>
#include <atomic>
#include <cstring>

#include "qk/bit_pack.h"
#include "qk/convert_driver.h"
#include "qk/half_f32.h"

namespace qk {
namespace {

constexpr int64_t kGrain = 1 << 16;  // values per range; a multiple of 8, so that ranges begin at bytes

}  // namespace

Status ToHalf(Context& context, HalfFormat format, const float* x, int64_t n, uint16_t* half) {
  const HalfF32Table& table = HalfF32Tables(context.tier());
  const auto run = format == HalfFormat::kFloat16 ? table.to_f16.run : table.to_bf16.run;
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) { run(x + begin, end - begin, half + begin); });
  return Status::kOk;
}

Status FromHalf(Context& context, HalfFormat format, const uint16_t* half, int64_t n, float* x) {
  const HalfF32Table& table = HalfF32Tables(context.tier());
  const auto run = format == HalfFormat::kFloat16 ? table.from_f16.run : table.from_bf16.run;
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) { run(half + begin, end - begin, x + begin); });
  return Status::kOk;
}

Status PackCodes(Context& context, const uint8_t* codes, int64_t n, int bits, bool is_signed, uint8_t* bytes, int64_t* bad) {
  const auto run = BitPackTables(context.tier()).pack.run;
  std::atomic<int64_t> first(n);
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) {
    if (bits == 8) {
      std::memcpy(bytes + begin, codes + begin, static_cast<size_t>(end - begin));
      return;
    }
    const int64_t found = run(codes + begin, end - begin, bits, is_signed, bytes + begin * bits / 8);
    if (found < 0) return;
    int64_t known = first.load();
    while (begin + found < known && !first.compare_exchange_weak(known, begin + found)) {
    }
  });
  *bad = first == n ? -1 : first.load();
  return Status::kOk;
}

Status UnpackCodes(Context& context, const uint8_t* bytes, int64_t n, int bits, bool is_signed, uint8_t* codes) {
  const auto run = BitPackTables(context.tier()).unpack.run;
  context.pool().ParallelFor(n, kGrain, [&](int64_t begin, int64_t end, int) {
    if (bits == 8) {
      std::memcpy(codes + begin, bytes + begin, static_cast<size_t>(end - begin));
    } else {
      run(bytes + begin * bits / 8, end - begin, bits, is_signed, codes + begin);
    }
  });
  return Status::kOk;
}

}  // namespace qk
