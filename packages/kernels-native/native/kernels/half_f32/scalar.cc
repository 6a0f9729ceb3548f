#include <cstdint>

#include "qk/half_f32.h"

namespace {

uint32_t BitsOf(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

float FloatOf(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// Drops `shift` low bits, ties to even.
uint32_t RoundBits(uint32_t bits, int shift) {
  const uint32_t half = 1u << (shift - 1);
  return (bits + (half - 1) + ((bits >> shift) & 1)) >> shift;
}

uint16_t ToF16(float x) {
  const uint32_t bits = BitsOf(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);
  if (magnitude >= 0x47800000) return static_cast<uint16_t>(sign | 0x7c00);  // 65536 and above
  // Normal: rebias the exponent from 127 to 15; a carry of the rounding moves into it, up to infinity.
  if (magnitude >= 0x38800000) return static_cast<uint16_t>(sign | RoundBits(magnitude - (112u << 23), 13));
  // Subnormal, in units of 2^-24: adding 1/2, whose unit in the last place that is, lets the addition round.
  return static_cast<uint16_t>(sign | (BitsOf(FloatOf(magnitude) + 0.5f) - BitsOf(0.5f)));
}

float FromF16(uint16_t half) {
  const uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00) return FloatOf(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  // As a float with exponent 15 too small it is 2^-112 of the number; multiplying also makes subnormal numbers normal.
  return FloatOf(sign | BitsOf(FloatOf(magnitude << 13) * 0x1p112f));
}

uint16_t ToBf16(float x) {
  const uint32_t bits = BitsOf(x);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>(RoundBits(bits, 16));
}

}  // namespace

void qk_half_f32_to_f16__scalar(const float* x, int64_t n, uint16_t* half) {
  for (int64_t i = 0; i < n; i++) half[i] = ToF16(x[i]);
}

void qk_half_f32_from_f16__scalar(const uint16_t* half, int64_t n, float* x) {
  for (int64_t i = 0; i < n; i++) x[i] = FromF16(half[i]);
}

void qk_half_f32_to_bf16__scalar(const float* x, int64_t n, uint16_t* half) {
  for (int64_t i = 0; i < n; i++) half[i] = ToBf16(x[i]);
}

void qk_half_f32_from_bf16__scalar(const uint16_t* half, int64_t n, float* x) {
  for (int64_t i = 0; i < n; i++) x[i] = FloatOf(static_cast<uint32_t>(half[i]) << 16);
}
