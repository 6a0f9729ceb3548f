// depthwise_i8__avx2: 32 channels at a time, two halves of a packed block. Rows interleave as in the 512-bit kernel.
// A four-byte dot product without VNNI: vpmaddubsw would saturate with codes above 127, so codes are split into their low seven
// bits and their top bit (0 or 128): |127*128*2| = 32512 and |128*128*2| = 32768 with a negative sign both fit i16.
// Exactness: integer, bit-identical to scalar.
#include <immintrin.h>

#include "qk/depthwise_i8.h"

namespace {

using qk::DepthwiseI8Row;

struct Half {
  int64_t first;     // channel
  int64_t count;     // channels of this half that exist, 1 .. 32
  int64_t packed;    // position of its first lane: 0 or 8 within every vector
};

// The 32 channels of one image row; bytes beyond the last channel are 0 and never read.
__m256i LoadRow(const uint8_t* at, int64_t count, __m256i flip) {
  if (count >= 32) return _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), flip);
  alignas(32) uint8_t bytes[32] = {};
  for (int64_t i = 0; i < count; i++) bytes[i] = at[i];
  return _mm256_xor_si256(_mm256_load_si256(reinterpret_cast<const __m256i*>(bytes)), flip);
}

__m256i Dot(__m256i acc, __m256i codes, __m256i weights) {
  const __m256i top = _mm256_set1_epi8(static_cast<char>(0x80));
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i low = _mm256_maddubs_epi16(_mm256_andnot_si256(top, codes), weights);
  const __m256i high = _mm256_maddubs_epi16(_mm256_and_si256(top, codes), weights);
  acc = _mm256_add_epi32(acc, _mm256_madd_epi16(low, ones));
  return _mm256_add_epi32(acc, _mm256_madd_epi16(high, ones));
}

void Store(const DepthwiseI8Row& p, const Half& half, const __m256i* acc, const float* multiplier, int64_t x) {
  const __m256 low = _mm256_set1_ps(static_cast<float>(p.qmin - p.zero_point));
  const __m256 high = _mm256_set1_ps(static_cast<float>(p.qmax - p.zero_point));
  const int32_t offset = p.signed_codes ? 128 : 0;
  const __m256i shift = _mm256_set1_epi32(p.zero_point + offset);
  __m256i code[4];
  for (int v = 0; v < 4; v++) {
    __m256 real = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[v]), _mm256_loadu_ps(multiplier + 16 * v));
    real = _mm256_min_ps(_mm256_max_ps(real, low), high);
    code[v] = _mm256_add_epi32(_mm256_cvtps_epi32(real), shift);
  }
  __m256i bytes = _mm256_packus_epi16(_mm256_packus_epi32(code[0], code[1]), _mm256_packus_epi32(code[2], code[3]));
  bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8(static_cast<char>(offset)));
  uint8_t* out = p.out + x * p.channels + half.first;
  if (half.count >= 32) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
    return;
  }
  alignas(32) uint8_t kept[32];
  _mm256_store_si256(reinterpret_cast<__m256i*>(kept), bytes);
  for (int64_t i = 0; i < half.count; i++) out[i] = kept[i];
}

void RunHalf(const DepthwiseI8Row& p, const Half& half, const int8_t* weights, int64_t block, int64_t out_row) {
  const __m256i flip = _mm256_set1_epi32(static_cast<int32_t>(p.flip));
  const int32_t* initial = p.initial + block * 64 + half.packed;
  const float* multiplier = p.multiplier + block * 64 + half.packed;
  for (int64_t ox = 0; ox < p.out_width; ox++) {
    __m256i acc[4];
    for (int v = 0; v < 4; v++) acc[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(initial + 16 * v));
    const int8_t* w = weights + 4 * half.packed;
    for (int64_t j = 0; j < p.kernel_width; j++) {
      const int64_t x = ox * p.stride_x + j * p.dilation_x - p.pad_left;
      const bool inside = x >= 0 && x < p.width;
      for (int64_t row0 = 0; row0 < p.kernel_height; row0 += 4, w += 256) {
        __m256i r[4];
        for (int64_t i = 0; i < 4; i++) {
          const int64_t row = row0 + i;
          const bool exists = row < p.kernel_height;
          const bool is_image = exists && inside;
          const uint8_t* at = is_image ? p.rows[out_row + row] + x * p.column_stride[out_row + row] : p.pad;
          r[i] = exists ? LoadRow(at + half.first, half.count, flip) : _mm256_setzero_si256();
        }
        const __m256i r01_lo = _mm256_unpacklo_epi8(r[0], r[1]);
        const __m256i r01_hi = _mm256_unpackhi_epi8(r[0], r[1]);
        const __m256i r23_lo = _mm256_unpacklo_epi8(r[2], r[3]);
        const __m256i r23_hi = _mm256_unpackhi_epi8(r[2], r[3]);
        const __m256i column[4] = {_mm256_unpacklo_epi16(r01_lo, r23_lo), _mm256_unpackhi_epi16(r01_lo, r23_lo),
                                   _mm256_unpacklo_epi16(r01_hi, r23_hi), _mm256_unpackhi_epi16(r01_hi, r23_hi)};
        for (int v = 0; v < 4; v++) {
          acc[v] = Dot(acc[v], column[v], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 64 * v)));
        }
      }
    }
    Store(p, half, acc, multiplier, out_row * p.out_width + ox);
  }
}

}  // namespace

extern "C" void qk_depthwise_i8__avx2(const DepthwiseI8Row& p) {
  const int64_t block_bytes = p.kernel_width * ((p.kernel_height + 3) / 4) * 256;
  for (int64_t first = 0; first < p.channels; first += 32) {
    const int64_t left = p.channels - first;
    const Half half = {first, left < 32 ? left : 32, first % 64 / 4};
    for (int64_t r = 0; r < p.out_rows; r++) RunHalf(p, half, p.weights + first / 64 * block_bytes, first / 64, r);
  }
}
