import type { RoundingMode } from './scheme';

/**
 * Nearest integer, ties to even: the rounding of ONNX QuantizeLinear, numpy, torch and tf.round.
 * Exact for every double; ±Infinity and NaN pass through.
 */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction < 0.5) return below;
  if (fraction > 0.5) return below + 1;
  if (fraction === 0.5) return below % 2 === 0 ? below : below + 1;
  return x;
}

/** Nearest integer, ties away from zero: C `round()`, ncnn, MNN. */
export function roundHalfAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}

/** Nearest integer, ties toward +∞. */
export function roundHalfUp(x: number): number {
  return Math.floor(x + 0.5);
}

/** The function behind a {@link RoundingMode}. */
export function rounder(mode: RoundingMode): (x: number) => number {
  switch (mode) {
    case 'halfEven':
      return roundHalfEven;
    case 'halfAway':
      return roundHalfAway;
    case 'halfUp':
      return roundHalfUp;
    case 'floor':
      return Math.floor;
  }
}
