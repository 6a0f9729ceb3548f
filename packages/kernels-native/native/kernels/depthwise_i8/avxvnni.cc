// depthwise_i8__avxvnni: as avx2, with one instruction per dot product.
// Exactness: integer, bit-identical to scalar.
#include "halves_256.h"

namespace {

struct Vnni {
  static constexpr int kParts = 1;
  static void Split(__m256i bytes, __m256i* parts) { parts[0] = bytes; }
  static void SplitWeights(__m256i bytes, __m256i* parts) { parts[0] = bytes; }
  static __m256i Dot(__m256i acc, const __m256i* codes, const __m256i* weights) {
    return _mm256_dpbusd_avx_epi32(acc, codes[0], weights[0]);
  }
};

}  // namespace

extern "C" void qk_depthwise_i8__avxvnni(const DepthwiseI8Row& p) { RunHalves<Vnni>(p); }
