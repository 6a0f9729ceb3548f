/**
 * |x|^e for float32 x and a fixed negative exponent e, from two tables instead of a call of pow per weight:
 * x = m·2^k gives m^e·(2^e)^k, with m^e tabulated at the midpoints of 2048 intervals of [1, 2). Relative error below |e|/4096.
 * The same bits on every machine, as it uses no function whose rounding is left to the engine once the tables exist.
 */
export function powerTable(exponent: number): (x: number) => number {
  const mantissas = Float64Array.from({ length: 2048 }, (_, i) => (1 + (i + 0.5) / 2048) ** exponent);
  const powers = Float64Array.from({ length: 256 }, (_, k) => 2 ** ((k - 127) * exponent));
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  return (x) => {
    float[0] = x;
    const word = bits[0] as number;
    return (mantissas[(word >>> 12) & 2047] as number) * (powers[(word >>> 23) & 255] as number);
  };
}
