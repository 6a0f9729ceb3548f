const scratchFloat = /* @__PURE__ */ new Float32Array(1);
const scratchBits = /* @__PURE__ */ new Uint32Array(scratchFloat.buffer);

/** Real value of a bfloat16 bit pattern: the upper half of a float32. */
export function bfloat16ToFloat32(bits: number): number {
  scratchBits[0] = bits << 16;
  return scratchFloat[0] ?? 0;
}

/** Bit pattern of the nearest bfloat16, ties to even; NaN stays NaN. `value` is rounded to float32 first. */
export function float32ToBfloat16(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0] ?? 0;
  if ((bits & 0x7fffffff) > 0x7f800000) return ((bits >>> 16) & 0x8000) | 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
