import { InvalidArgumentError, NonFiniteDataError } from '../errors';
import { type Granularity, paramCount } from '../granularity';
import { forEachStridedRun } from '../group-iterator';
import type { TensorView } from '../tensor-view';

/** What the scale rules of weights look at, per parameter. */
export interface Magnitudes {
  /** max |x|; 0 for a parameter without elements. */
  readonly absmax: Float64Array;
  /** Σ|x|/n, summed in float64 in index order; 0 for a parameter without elements. */
  readonly mean: Float64Array;
}

/**
 * One pass over |x| per parameter.
 *
 * @throws {NonFiniteDataError} for NaN or infinite values
 */
export function magnitudesOf(x: TensorView, granularity: Granularity): Magnitudes {
  const count = paramCount(x.shape, granularity);
  const absmax = new Float64Array(count);
  const sum = new Float64Array(count);
  const elements = new Float64Array(count);
  const { data } = x;
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    let largest = absmax[g] as number;
    let total = sum[g] as number;
    for (let i = start; i < end; i += step) {
      const magnitude = Math.abs(data[i] as number);
      total += magnitude;
      if (magnitude > largest) largest = magnitude;
    }
    absmax[g] = largest;
    sum[g] = total;
    elements[g] = (elements[g] as number) + Math.ceil((end - start) / step);
  });
  const bad = sum.findIndex((s) => !Number.isFinite(s));
  if (bad >= 0) {
    throw new NonFiniteDataError({
      operation: '[core] chooseParams',
      expected: 'finite numbers',
      received: `NaN or Infinity among the values of parameter ${bad}`,
    });
  }
  return { absmax, mean: sum.map((s, g) => (elements[g] === 0 ? 0 : s / (elements[g] as number))) };
}

/**
 * Scales as float32; 1 where there is nothing to scale (all values 0, or too small for a normal float32).
 *
 * @throws {InvalidArgumentError} when a scale is beyond float32
 */
export function scalesFrom(values: Float64Array): Float32Array {
  const scale = Float32Array.from(values, (v) => (Math.fround(v) >= 2 ** -126 ? v : 1));
  const bad = scale.indexOf(Number.POSITIVE_INFINITY);
  if (bad < 0) return scale;
  throw new InvalidArgumentError({
    operation: '[core] chooseParams',
    expected: 'values whose scale is a finite float32',
    received: `scale ${values[bad]} at parameter ${bad}`,
  });
}
