#include <immintrin.h>

#include <cstdint>

#include "qk/bit_pack.h"

// Method: eight codes in a 64-bit word; pext gathers the low bits of its bytes, pdep spreads them again.

namespace {

constexpr uint64_t kEachByte = 0x0101010101010101;

uint64_t Mask(int bits) { return kEachByte * ((1u << bits) - 1u); }

// Whether every byte is a code: adding 2^(bits-1) to signed ones moves them to 0 … 2^bits - 1, without carries between bytes.
bool AreCodes(uint64_t codes, int bits, uint64_t sign) {
  const uint64_t low = 0x7f * kEachByte;
  const uint64_t moved = ((codes & low) + sign) ^ (codes & ~low);
  return (moved & ~Mask(bits)) == 0;
}

// (code ^ sign) - sign per byte: sign extension, without borrows between bytes.
uint64_t Extend(uint64_t codes, uint64_t sign) {
  const uint64_t high = 0x80 * kEachByte;
  const uint64_t flipped = codes ^ sign;
  return ((flipped | high) - sign) ^ ((flipped ^ high) & high);
}

uint64_t SignBits(int bits, bool is_signed) { return is_signed ? kEachByte << (bits - 1) : 0; }

// The codes of whole words; how many there are.
template <int kBits>
int64_t PackWords(const uint8_t* codes, int64_t n, uint64_t sign, uint8_t* bytes) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8, bytes += kBits) {
    uint64_t word;
    __builtin_memcpy(&word, codes + i, sizeof word);
    if (!AreCodes(word, kBits, sign)) break;
    const uint64_t packed = _pext_u64(word, Mask(kBits));
    __builtin_memcpy(bytes, &packed, kBits);
  }
  return i;
}

template <int kBits>
int64_t UnpackWords(const uint8_t* bytes, int64_t n, uint64_t sign, uint8_t* codes) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8, bytes += kBits) {
    uint64_t packed = 0;
    __builtin_memcpy(&packed, bytes, kBits);
    const uint64_t word = Extend(_pdep_u64(packed, Mask(kBits)), sign);
    __builtin_memcpy(codes + i, &word, sizeof word);
  }
  return i;
}

}  // namespace

int64_t qk_bit_pack__avx2(const uint8_t* codes, int64_t n, int bits, bool is_signed, uint8_t* bytes) {
  const auto pack = bits == 4 ? PackWords<4> : bits == 2 ? PackWords<2> : PackWords<1>;
  const int64_t done = pack(codes, n, SignBits(bits, is_signed), bytes);
  const int64_t bad = qk_bit_pack__scalar(codes + done, n - done, bits, is_signed, bytes + done / 8 * bits);
  return bad < 0 ? bad : done + bad;
}

void qk_bit_pack_unpack__avx2(const uint8_t* bytes, int64_t n, int bits, bool is_signed, uint8_t* codes) {
  const auto unpack = bits == 4 ? UnpackWords<4> : bits == 2 ? UnpackWords<2> : UnpackWords<1>;
  const int64_t done = unpack(bytes, n, SignBits(bits, is_signed), codes);
  qk_bit_pack_unpack__scalar(bytes + done / 8 * bits, n - done, bits, is_signed, codes + done);
}
