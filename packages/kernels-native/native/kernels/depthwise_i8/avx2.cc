// depthwise_i8__avx2: a four-byte dot product without VNNI. vpmaddubsw would saturate with codes above 127, so bytes are split
// into even and odd ones of 16 bits, columns when they are interleaved and weights once; then two vpmaddwd and two additions
// are left. Exactness: integer, bit-identical to scalar.
#include "halves_256.h"

namespace {

struct Widening {
  static constexpr int kParts = 2;
  static void Split(__m256i bytes, __m256i* parts) {
    parts[0] = _mm256_and_si256(bytes, _mm256_set1_epi16(255));
    parts[1] = _mm256_srli_epi16(bytes, 8);
  }
  static void SplitWeights(__m256i bytes, __m256i* parts) {
    parts[0] = _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
    parts[1] = _mm256_srai_epi16(bytes, 8);
  }
  static __m256i Dot(__m256i acc, const __m256i* codes, const __m256i* weights) {
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(codes[0], weights[0]));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(codes[1], weights[1]));
  }
};

}  // namespace

extern "C" void qk_depthwise_i8__avx2(const DepthwiseI8Row& p) { RunHalves<Widening>(p); }
