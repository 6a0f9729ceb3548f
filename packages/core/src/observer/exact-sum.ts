/**
 * Exact sums of float32 values and of their squares: no rounding, hence no dependence on order or on how data are split.
 *
 * Problem: Chan's merge and Kahan sums depend on the order in the last bits.
 * Idea: a float32 is m·2^(E−150) with an integer |m| < 2^24 and E = max(exponent field, 1). Values with equal sign and
 * exponent field add their integers m in one float64 slot, exactly, for 2^28 values; then slots drain into a BigInt that counts
 * units of 2^−149 (squares: 2^−298). Squares m² < 2^48 are split at 2^24 into two slots of such integers.
 */
export interface ExactSums {
  /** Σ of the positive values, in units of 2^−149. */
  positive: bigint;
  /** Σ of |x| of the negative values, in units of 2^−149. */
  negative: bigint;
  /** Σ x², in units of 2^−298. */
  squares: bigint;
}

/** Slots that take values fast; `drain` empties them into {@link ExactSums}. */
export interface SumSlots {
  /** Σ m by sign and exponent field: 512 entries. */
  readonly magnitudes: Float64Array;
  /** Upper and lower part of Σ m² by exponent field: 256 entries each; absent when squares are not wanted. */
  readonly upper: Float64Array | undefined;
  readonly lower: Float64Array | undefined;
  /** Values since the last drain. */
  filled: number;
}

const mostBeforeDrain = 2 ** 28;

export function emptySums(): ExactSums {
  return { positive: 0n, negative: 0n, squares: 0n };
}

export function emptySlots(withSquares: boolean): SumSlots {
  return {
    magnitudes: new Float64Array(512),
    upper: withSquares ? new Float64Array(256) : undefined,
    lower: withSquares ? new Float64Array(256) : undefined,
    filled: 0,
  };
}

/** Adds finite values. */
export function addValues(slots: SumSlots, sums: ExactSums, values: Float32Array): void {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const { upper, lower } = slots;
  for (let start = 0; start < bits.length; ) {
    if (slots.filled >= mostBeforeDrain) drain(slots, sums);
    const end = Math.min(bits.length, start + mostBeforeDrain - slots.filled);
    if (upper === undefined || lower === undefined) addMagnitudes(bits, start, end, slots.magnitudes);
    else addMagnitudesAndSquares(bits, start, end, slots.magnitudes, upper, lower);
    slots.filled += end - start;
    start = end;
  }
}

/** Moves everything in the slots to the sums. */
export function drain(slots: SumSlots, sums: ExactSums): void {
  if (slots.filled === 0) return;
  for (let field = 0; field < 256; field++) {
    const shift = BigInt(Math.max(field, 1) - 1);
    const positive = slots.magnitudes[field] as number;
    const negative = slots.magnitudes[256 + field] as number;
    if (positive !== 0) sums.positive += BigInt(positive) << shift;
    if (negative !== 0) sums.negative += BigInt(negative) << shift;
    const upper = slots.upper?.[field] ?? 0;
    const lower = slots.lower?.[field] ?? 0;
    if (upper !== 0 || lower !== 0) sums.squares += ((BigInt(upper) << 24n) + BigInt(lower)) << (2n * shift);
  }
  slots.magnitudes.fill(0);
  slots.upper?.fill(0);
  slots.lower?.fill(0);
  slots.filled = 0;
}

/** Adds sums that were counted elsewhere. */
export function addSums(to: ExactSums, from: ExactSums): void {
  to.positive += from.positive;
  to.negative += from.negative;
  to.squares += from.squares;
}

/**
 * numerator/denominator · 2^exponent as the nearest float64, ties to even (subnormal results may round twice).
 * Pre: denominator > 0.
 */
export function ratioToNumber(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator < 0n) return -ratioToNumber(-numerator, denominator, exponent);
  if (numerator === 0n) return 0;
  const shift = 66 - (bitLength(numerator) - bitLength(denominator));
  const dividend = shift > 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift < 0 ? denominator << BigInt(-shift) : denominator;
  const quotient = dividend / divisor;
  const sticky = quotient * divisor === dividend ? 0n : 1n;
  return scaleByPowerOfTwo(Number((quotient << 1n) | sticky), exponent - shift - 1);
}

// — internals —

/** Two steps, because 2^exponent alone may be outside the range of float64 where the product is not. */
function scaleByPowerOfTwo(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4;
}

/** The leading significand bit that float32 does not store; none for zeros and subnormals. No branch: data after a ReLU mix both. */
function hiddenBit(field: number): number {
  return ((field + 255) >> 8) << 23;
}

function addMagnitudes(bits: Int32Array, start: number, end: number, magnitudes: Float64Array): void {
  for (let i = start; i < end; i++) {
    const u = bits[i] as number;
    const slot = u >>> 23;
    const m = (u & 0x7fffff) | hiddenBit(slot & 255);
    magnitudes[slot] = (magnitudes[slot] as number) + m;
  }
}

function addMagnitudesAndSquares(
  bits: Int32Array,
  start: number,
  end: number,
  magnitudes: Float64Array,
  upper: Float64Array,
  lower: Float64Array,
): void {
  for (let i = start; i < end; i++) {
    const u = bits[i] as number;
    const slot = u >>> 23;
    const field = slot & 255;
    const m = (u & 0x7fffff) | hiddenBit(field);
    const square = m * m;
    const high = Math.floor(square * 2 ** -24);
    magnitudes[slot] = (magnitudes[slot] as number) + m;
    upper[field] = (upper[field] as number) + high;
    lower[field] = (lower[field] as number) + (square - high * 2 ** 24);
  }
}
