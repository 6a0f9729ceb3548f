#include "qk/bit_pack.h"

#include "check.h"

namespace qk::test {
namespace {

// Every width, sign and length: same bytes as the scalar kernel, and back; bad codes are found wherever they are.
void RoundTrip(Context& context) {
  const BitPackTable& table = BitPackTables(context.tier());
  Random random(1);
  for (const int bits : {1, 2, 4}) {
    for (const bool is_signed : {false, true}) {
      if (bits == 1 && is_signed) continue;
      const int64_t low = is_signed ? -(1 << (bits - 1)) : 0, high = low + (1 << bits) - 1;
      for (int64_t n = 0; n <= 70; n++) {
        const Guarded<uint8_t> codes(n), back(n), bytes((n * bits + 7) / 8), expected((n * bits + 7) / 8);
        for (int64_t i = 0; i < n; i++) codes[i] = static_cast<uint8_t>(random.Integer(low, high));
        Check(table.pack.run(codes.data(), n, bits, is_signed, bytes.data()) == -1, "all codes fit");
        qk_bit_pack__scalar(codes.data(), n, bits, is_signed, expected.data());
        for (int64_t i = 0; i < bytes.size(); i++) Check(bytes[i] == expected[i], "bytes");
        table.unpack.run(bytes.data(), n, bits, is_signed, back.data());
        for (int64_t i = 0; i < n; i++) Check(back[i] == codes[i], "codes");
        if (n == 0) continue;
        const int64_t at = random.Integer(0, n - 1);
        codes[at] = static_cast<uint8_t>(random.Integer(0, 1) == 0 ? low - 1 : high + 1);
        Check(table.pack.run(codes.data(), n, bits, is_signed, bytes.data()) == at, "bad code");
      }
    }
  }
}

const Registration round_trip("bit_pack round trip", RoundTrip);

}  // namespace
}  // namespace qk::test
