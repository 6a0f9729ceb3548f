// lookup_i8: out[i] = table[codes[i]] for codes as bytes, 256 entries. Reads and writes exactly count bytes; out may be codes.
#ifndef QK_LOOKUP_I8_H_
#define QK_LOOKUP_I8_H_

#include <cstdint>

#include "qk/table.h"

using QkLookupI8 = void(const uint8_t* codes, int64_t count, const uint8_t* table, uint8_t* out);

extern "C" {
QkLookupI8 qk_lookup_i8__scalar, qk_lookup_i8__avx512vnni;
}

namespace qk {

struct LookupI8Table {
  Op<QkLookupI8*> run;
};

const LookupI8Table& LookupI8Tables(Tier tier);
void VisitLookupI8(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_LOOKUP_I8_H_
