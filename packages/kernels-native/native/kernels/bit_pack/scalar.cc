#include <cstdint>

#include "qk/bit_pack.h"

int64_t qk_bit_pack__scalar(const uint8_t* codes, int64_t n, int bits, bool is_signed, uint8_t* bytes) {
  const int per_byte = 8 / bits;
  const int mask = (1 << bits) - 1;
  const int low = is_signed ? -(1 << (bits - 1)) : 0;
  for (int64_t i = 0; i < n; bytes++) {
    int byte = 0;
    for (int k = 0; k < per_byte && i < n; k++, i++) {
      const int code = is_signed ? static_cast<int8_t>(codes[i]) : codes[i];
      if (code < low || code > low + mask) return i;
      byte |= (code & mask) << (k * bits);
    }
    *bytes = static_cast<uint8_t>(byte);
  }
  return -1;
}

void qk_bit_pack_unpack__scalar(const uint8_t* bytes, int64_t n, int bits, bool is_signed, uint8_t* codes) {
  const int per_byte = 8 / bits;
  const int mask = (1 << bits) - 1;
  const int sign = is_signed ? 1 << (bits - 1) : 0;
  for (int64_t i = 0; i < n; i++) {
    const int code = bytes[i / per_byte] >> (i % per_byte * bits) & mask;
    codes[i] = static_cast<uint8_t>((code ^ sign) - sign);
  }
}
