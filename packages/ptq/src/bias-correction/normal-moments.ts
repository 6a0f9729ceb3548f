import { erfc } from '@bitwright/core';

/** Mean and standard deviation per channel; std is undefined where it is not known. */
export interface Moments {
  readonly mean: Float64Array;
  readonly std: Float64Array | undefined;
}

/** Standard normal distribution function Φ(x) = ½·erfc(−x/√2), relative error below 1e-13 in both tails. */
export function normalDistribution(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/**
 * Mean and standard deviation of min(max(X, a), c) for X ~ N(β, γ²), with A = (a − β)/γ, C = (c − β)/γ:
 *
 *   E    = γ·(φ(A) − φ(C)) + β·(Φ(C) − Φ(A)) + a·Φ(A) + c·(1 − Φ(C))
 *   E[²] = (β² + γ²)(Φ(C) − Φ(A)) + 2βγ(φ(A) − φ(C)) + γ²(A·φ(A) − C·φ(C)) + a²Φ(A) + c²(1 − Φ(C))
 *
 * a = 0, c = ∞ is Relu. γ = 0 gives the value at β.
 *
 * @see Nagel et al. 2019, arXiv:1906.04721 appendix C
 */
export function clippedNormal(
  mean: number,
  std: number,
  lower: number,
  upper: number,
): { readonly mean: number; readonly std: number } {
  if (!(std > 0)) return { mean: Math.min(Math.max(mean, lower), upper), std: 0 };
  const low = (lower - mean) / std;
  const high = (upper - mean) / std;
  const below = lower === Number.NEGATIVE_INFINITY ? 0 : normalDistribution(low);
  const above = upper === Number.POSITIVE_INFINITY ? 0 : normalDistribution(-high);
  const inside = 1 - below - above;
  const edge = normalDensity(low) - normalDensity(high);
  const weighted = finiteProduct(low, normalDensity(low)) - finiteProduct(high, normalDensity(high));
  const first = std * edge + mean * inside + finiteProduct(lower, below) + finiteProduct(upper, above);
  const second =
    (mean * mean + std * std) * inside +
    2 * mean * std * edge +
    std * std * weighted +
    finiteProduct(lower * lower, below) +
    finiteProduct(upper * upper, above);
  return { mean: first, std: Math.sqrt(Math.max(0, second - first * first)) };
}

// — internals —

/** Standard normal density. */
function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** x · y where y = 0 wins over an infinite x. */
function finiteProduct(x: number, y: number): number {
  return y === 0 ? 0 : x * y;
}
