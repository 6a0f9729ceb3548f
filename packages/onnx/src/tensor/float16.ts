const scratchFloat = /* @__PURE__ */ new Float32Array(1);
const scratchBits = /* @__PURE__ */ new Uint32Array(scratchFloat.buffer);

/** Real value of an IEEE 754 binary16 bit pattern (1-5-10, bias 15). */
export function float16ToFloat32(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** Bit pattern of the nearest binary16, ties to even; overflow (≥ 65520) gives infinity. `value` is rounded to float32 first. */
export function float32ToFloat16(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundToSubnormal(magnitude);
  // Rebias 127 → 15, then round 23 mantissa bits to 10: add just under half, plus one when the kept part is odd.
  const rebiased = magnitude - 0x38000000;
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

/** Multiples of 2^−24 below 2^−14, ties to even. */
function roundToSubnormal(magnitude: number): number {
  scratchBits[0] = magnitude;
  const steps = (scratchFloat[0] ?? 0) * 2 ** 24;
  const floor = Math.floor(steps);
  const rest = steps - floor;
  const isUp = rest > 0.5 || (rest === 0.5 && floor % 2 === 1);
  return isUp ? floor + 1 : floor;
}
