/**
 * ⌊log2 x⌋ for finite x ≥ 0 (−Infinity for 0), read from the exponent bits: exact where `Math.floor(Math.log2(x))` is not
 * (just below and above powers of two). Subnormal numbers included.
 */
export function floorLog2(x: number): number {
  scratch.setFloat64(0, x);
  const exponent = (scratch.getUint32(0) >>> 20) & 0x7ff;
  if (exponent > 0) return exponent - 1023;
  return x === 0 ? Number.NEGATIVE_INFINITY : floorLog2(x * 2 ** 64) - 64;
}

/** ⌈log2 x⌉ for finite x > 0, exact. */
export function ceilLog2(x: number): number {
  const floor = floorLog2(x);
  return powerOfTwo(floor) === x ? floor : floor + 1;
}

/**
 * log2 x rounded to the nearest integer, for finite x > 0: up exactly when x > 2^(e + 1/2).
 * No tie exists, since 2^(e + 1/2) is irrational.
 */
export function roundLog2(x: number): number {
  const floor = floorLog2(x);
  return x / powerOfTwo(floor) > Math.SQRT2 ? floor + 1 : floor;
}

/** 2^exponent for an integer exponent, exact; much faster than `**` where the exponent is not constant. */
export function powerOfTwo(exponent: number): number {
  if (exponent < -1022 || exponent > 1023) return 2 ** exponent;
  scratch.setUint32(0, (exponent + 1023) << 20);
  scratch.setUint32(4, 0);
  return scratch.getFloat64(0);
}

/** Whether x is 2^k for an integer k. */
export function isPowerOfTwo(x: number): boolean {
  return x > 0 && x < Number.POSITIVE_INFINITY && powerOfTwo(floorLog2(x)) === x;
}

const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));
