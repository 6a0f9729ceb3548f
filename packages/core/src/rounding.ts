/**
 * How a fraction becomes an integer. Nearest, with ties to even (`halfEven`), away from zero (`halfAway`), toward +∞
 * (`halfUp`), toward −∞ (`halfDown`), toward zero (`halfTowardZero`); to even except negative ties, which go up
 * (`halfEvenNegativeUp`); or always down (`floor`), up (`ceil`).
 */
export type RoundingMode =
  | 'halfEven'
  | 'halfAway'
  | 'halfUp'
  | 'halfDown'
  | 'halfTowardZero'
  | 'halfEvenNegativeUp'
  | 'floor'
  | 'ceil';

/** A rounding function: an integer for every finite number; ±Infinity and NaN pass through. */
export type Rounder = (x: number) => number;

// The nearest modes compare the fraction x − ⌊x⌋ with 1/2. The textbook ⌊x + 0.5⌋ is wrong twice: 0.49999999999999994 + 0.5
// rounds to 1, and above 2^52 adding 0.5 moves odd integers. The fraction is exact for x ≥ 0. For x < 0 it is exact except
// between −1/2 and 0, where it can round to 1/2 but not below: to even and up, both give the right 0; the modes that would
// not are defined by symmetry.

/** Between 2^52 and 2^53 the numbers of float64 are the integers. */
const integersOnly = 1.5 * 2 ** 52;

/**
 * Nearest integer, ties to even: the rounding of ONNX QuantizeLinear, numpy, torch and tf.round.
 *
 * Below 2^51 adding 1.5·2^52 lets the addition itself round to the nearest even integer; subtracting it again is exact.
 */
export function roundHalfEven(x: number): number {
  if (x > -(2 ** 51) && x < 2 ** 51) return x + integersOnly - integersOnly;
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction < 0.5) return below;
  if (fraction > 0.5) return below + 1;
  if (fraction === 0.5) return below % 2 === 0 ? below : below + 1;
  return x;
}

/** Nearest integer, ties toward +∞: JavaScript's own, and gemmlowp's high multiplication. */
export function roundHalfUp(x: number): number {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction < 0.5) return below;
  return fraction >= 0.5 ? below + 1 : x;
}

/** Nearest integer, ties toward −∞. */
export function roundHalfDown(x: number): number {
  return -roundHalfUp(-x);
}

/** Nearest integer, ties away from zero: C `round()`, ncnn, MNN. */
export function roundHalfAway(x: number): number {
  return x < 0 ? roundHalfDown(x) : roundHalfUp(x);
}

/** Nearest integer, ties toward zero. */
export function roundHalfTowardZero(x: number): number {
  return x < 0 ? roundHalfUp(x) : roundHalfDown(x);
}

/** Nearest integer, ties to even, except that negative ties go toward +∞: activations on the Vitis DPU. */
export function roundHalfEvenNegativeUp(x: number): number {
  return x < 0 ? roundHalfUp(x) : roundHalfEven(x);
}

/** The function behind a {@link RoundingMode}. */
export function rounder(mode: RoundingMode): Rounder {
  switch (mode) {
    case 'halfEven':
      return roundHalfEven;
    case 'halfAway':
      return roundHalfAway;
    case 'halfUp':
      return roundHalfUp;
    case 'halfDown':
      return roundHalfDown;
    case 'halfTowardZero':
      return roundHalfTowardZero;
    case 'halfEvenNegativeUp':
      return roundHalfEvenNegativeUp;
    case 'floor':
      return Math.floor;
    case 'ceil':
      return Math.ceil;
  }
}
