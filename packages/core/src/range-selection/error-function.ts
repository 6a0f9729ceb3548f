/**
 * Complementary error function erfc(x) = 2/√π ∫ₓ^∞ e^(−t²) dt, relative error below 1e−13 for 0 ≤ x ≤ 26.
 *
 * x < 2: 1 − erf(x) with the series erf(x) = 2x/√π·e^(−x²)·Σ (2x²)ⁿ/(1·3·5…(2n+1));
 * else the continued fraction e^(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), evaluated from the tail.
 *
 * @see Abramowitz and Stegun 7.1.6 and 7.1.14
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  const gauss = Math.exp(-x * x);
  if (x < 2) {
    let term = 1;
    let sum = 1;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - ((2 * x) / Math.sqrt(Math.PI)) * gauss * sum;
  }
  let tail = x;
  for (let k = 120; k >= 1; k--) tail = x + k / 2 / tail;
  return gauss / Math.sqrt(Math.PI) / tail;
}
