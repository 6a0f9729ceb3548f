#ifndef QK_BIT_PACK_H_
#define QK_BIT_PACK_H_

#include <cstdint>

#include "qk/table.h"

// Codes of 1, 2 or 4 bits, one per byte, to packed bytes and back. The first code lies in the lowest bits, flat over the whole
// array, unused high bits of the last byte are 0; negative codes in two's complement. (ONNX raw data of INT4, UINT2, …)
//
//   bits 4   7 6 5 4 | 3 2 1 0        bits 2   7 6 | 5 4 | 3 2 | 1 0
//             code 1     code 0                 c3    c2    c1    c0
//
// pack returns the index of the first code that does not fit (signed: two's complement of `bits` bits), or -1.
using QkPack = int64_t(const uint8_t* codes, int64_t n, int bits, bool is_signed, uint8_t* bytes);
using QkUnpack = void(const uint8_t* bytes, int64_t n, int bits, bool is_signed, uint8_t* codes);

extern "C" {
QkPack qk_bit_pack__scalar, qk_bit_pack__avx2;
QkUnpack qk_bit_pack_unpack__scalar, qk_bit_pack_unpack__avx2;
}

namespace qk {

struct BitPackTable {
  Op<QkPack*> pack;
  Op<QkUnpack*> unpack;
};

const BitPackTable& BitPackTables(Tier tier);
void VisitBitPack(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_BIT_PACK_H_
