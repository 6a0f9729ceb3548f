/**
 * Error function erf(x) = 2/√π ∫₀ˣ e^(−t²) dt, relative error below 1e−13.
 *
 * |x| < 2: the series 2x/√π·e^(−x²)·Σ (2x²)ⁿ/(1·3·5…(2n+1)), all of whose terms have one sign; else 1 − erfc(x).
 *
 * @see Abramowitz and Stegun 7.1.6
 */
export function erf(x: number): number {
  if (x >= 2) return 1 - erfc(x);
  if (x <= -2) return erfc(-x) - 1;
  let term = 1;
  let sum = 1;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return ((2 * x) / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/**
 * Complementary error function erfc(x) = 2/√π ∫ₓ^∞ e^(−t²) dt, relative error below 1e−13 for 0 ≤ x ≤ 26.
 *
 * x < 2: 1 − erf(x); else the continued fraction e^(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), evaluated from the tail.
 *
 * @see Abramowitz and Stegun 7.1.14
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) return 1 - erf(x);
  let tail = x;
  for (let k = 120; k >= 1; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}
