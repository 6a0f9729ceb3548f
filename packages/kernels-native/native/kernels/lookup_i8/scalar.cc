// lookup_i8__scalar: one load per code.
#include "qk/lookup_i8.h"

extern "C" void qk_lookup_i8__scalar(const uint8_t* codes, int64_t count, const uint8_t* table, uint8_t* out) {
  for (int64_t i = 0; i < count; i++) out[i] = table[codes[i]];
}
