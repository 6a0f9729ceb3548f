// lookup_i8__avx512vnni: the table in four registers; two vpermi2b look 64 codes up in 128 entries each, the top bit chooses.
#include <immintrin.h>

#include "qk/lookup_i8.h"

extern "C" void qk_lookup_i8__avx512vnni(const uint8_t* codes, int64_t count, const uint8_t* table, uint8_t* out) {
  const __m512i table_0 = _mm512_loadu_si512(table);
  const __m512i table_1 = _mm512_loadu_si512(table + 64);
  const __m512i table_2 = _mm512_loadu_si512(table + 128);
  const __m512i table_3 = _mm512_loadu_si512(table + 192);
  for (int64_t i = 0; i < count; i += 64) {
    const int64_t left = count - i;
    const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __m512i index = _mm512_maskz_loadu_epi8(mask, codes + i);
    const __m512i low = _mm512_permutex2var_epi8(table_0, index, table_1);
    const __m512i high = _mm512_permutex2var_epi8(table_2, index, table_3);
    _mm512_mask_storeu_epi8(out + i, mask, _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high));
  }
}
