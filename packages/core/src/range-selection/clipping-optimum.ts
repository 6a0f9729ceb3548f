import { erfc } from './error-function';

/**
 * Best symmetric clip α* of a distribution of unit scale for a quantizer with `levels` levels on [−α, α]: the zero of the
 * derivative of (clipping noise + rounding noise).
 *
 *   Laplace (b = 1):   D(α) = 2·e^(−α) + α²/(3·levels²)
 *                      D'   = −2·e^(−α) + 2α/(3·levels²)
 *   Gauss (σ = 1):     D(α) = (α²+1)·erfc(α/√2) − √(2/π)·α·e^(−α²/2) + α²/(3·levels²)
 *                      D'   = 2α·erfc(α/√2) − 2√(2/π)·e^(−α²/2) + 2α/(3·levels²)
 *
 * D' is negative at 0, positive at the upper end and crosses zero once, so bisection finds it, to the last bit.
 * For a one-sided range [0, α] with n levels pass 2n: the step is the same.
 *
 * @see Banner et al. 2019, "Post training 4-bit quantization of convolutional networks", arXiv:1810.05723
 */
export function optimalClip(distribution: 'gauss' | 'laplace', levels: number): number {
  const slope = distribution === 'gauss' ? gaussSlope : laplaceSlope;
  let below = 0;
  let above = 64;
  for (;;) {
    const middle = (below + above) / 2;
    if (middle === below || middle === above) return middle;
    if (slope(middle, levels) < 0) below = middle;
    else above = middle;
  }
}

function laplaceSlope(alpha: number, levels: number): number {
  return -2 * Math.exp(-alpha) + (2 * alpha) / (3 * levels * levels);
}

function gaussSlope(alpha: number, levels: number): number {
  const density = Math.sqrt(2 / Math.PI) * Math.exp((-alpha * alpha) / 2);
  return 2 * alpha * erfc(alpha / Math.SQRT2) - 2 * density + (2 * alpha) / (3 * levels * levels);
}
