import { NonFiniteDataError, ShapeMismatchError } from './errors';

/** Clip range in real units, one entry per parameter (G = 1 for per-tensor). min[g] ≤ max[g], both finite. */
export interface Range {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/**
 * Range from plain numbers or arrays.
 *
 * @throws {ShapeMismatchError} when min and max differ in length
 * @throws {NonFiniteDataError} when a bound is NaN or infinite
 */
export function makeRange(min: number | ArrayLike<number>, max: number | ArrayLike<number>): Range {
  const lower = Float64Array.from(typeof min === 'number' ? [min] : min);
  const upper = Float64Array.from(typeof max === 'number' ? [max] : max);
  if (lower.length !== upper.length) {
    throw new ShapeMismatchError({
      operation: '[core] makeRange',
      expected: `as many maxima as minima (${lower.length})`,
      received: `${upper.length}`,
    });
  }
  for (let g = 0; g < lower.length; g++) {
    const lo = lower[g] as number;
    const hi = upper[g] as number;
    if (!Number.isFinite(lo) || !Number.isFinite(hi) || lo > hi) {
      throw new NonFiniteDataError({
        operation: '[core] makeRange',
        expected: 'finite bounds with min ≤ max',
        received: `min ${lo}, max ${hi} at parameter ${g}`,
      });
    }
  }
  return Object.freeze({ min: lower, max: upper });
}

/** The smallest range that covers both: elementwise min and max. Associative and commutative. */
export function mergeRange(a: Range, b: Range): Range {
  if (a.min.length !== b.min.length) {
    throw new ShapeMismatchError({
      operation: '[core] mergeRange',
      expected: `two ranges with ${a.min.length} parameters`,
      received: `${b.min.length}`,
    });
  }
  return Object.freeze({
    min: a.min.map((v, g) => Math.min(v, b.min[g] as number)),
    max: a.max.map((v, g) => Math.max(v, b.max[g] as number)),
  });
}

/** Widens every entry so that real 0 is inside: zero padding must be exact. */
export function includeZero(range: Range): Range {
  return Object.freeze({ min: range.min.map((v) => Math.min(v, 0)), max: range.max.map((v) => Math.max(v, 0)) });
}
