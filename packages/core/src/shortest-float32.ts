/** 10^0 … 10^22: the powers of ten that are exact in float64. */
const powersOfTen: Float64Array = /* @__PURE__ */ Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * The float64 whose shortest decimal is the shortest one that reads back to the same float32 bits: what JSON should print for
 * a float32 (0.1 instead of 0.10000000149011612).
 *
 * For 1e-13 ≤ value < 1e9 with decimals d = digits − 1 − floor(log10 value) ≤ 22, both ⌊value·10^d + ½⌋ and 10^d are exact, so
 * their quotient is the correctly rounded decimal; other values are printed and read back. If n digits suffice, so do n + 1.
 */
export function shortestFloat32(value: number): number {
  if (!(value >= 1e-13 && value < 1e9)) return shortestByText(value);
  const shift = -Math.floor(Math.log10(value)) - 1;
  let shortest = withDecimals(value, shift + 8);
  if (Math.fround(shortest) !== value) {
    shortest = withDecimals(value, shift + 9);
    return Math.fround(shortest) === value ? shortest : shortestByText(value);
  }
  for (let digits = 7; digits >= 1; digits--) {
    const shorter = withDecimals(value, shift + digits);
    if (Math.fround(shorter) !== value) return shortest;
    shortest = shorter;
  }
  return shortest;
}

/** {@link shortestFloat32} of every element. */
export function shortestFloat32s(values: Float32Array): number[] {
  const out = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) out[i] = shortestFloat32(values[i] as number);
  return out;
}

// — internals —

function withDecimals(value: number, decimals: number): number {
  if (decimals < 0) {
    const power = powersOfTen[-decimals] as number;
    return Math.floor(value / power + 0.5) * power;
  }
  const power = powersOfTen[decimals] as number;
  return Math.floor(value * power + 0.5) / power;
}

function shortestByText(value: number): number {
  if (value === 0) return value;
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
