import { NonFiniteDataError, ShapeMismatchError } from '../errors';
import { perAxis, perTensor } from '../granularity';
import { forEachRun } from '../group-iterator';
import type { TensorView } from '../tensor-view';

/** Minimum and maximum of one batch per parameter; length 1, or shape[axis] when an axis is given. */
export interface Extremes {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/**
 * One pass over a batch. Parameters without elements keep min = +Infinity, max = −Infinity.
 *
 * @throws {NonFiniteDataError} naming the tensor and how many values are NaN or infinite
 * @throws {ShapeMismatchError} when the batch has no such axis
 */
export function extremesOf(x: TensorView, axis: number | undefined, tensor: string): Extremes {
  const count = axis === undefined ? 1 : x.shape[axis];
  if (count === undefined) {
    throw new ShapeMismatchError({
      operation: `[core] observe "${tensor}"`,
      expected: `a batch with an axis ${axis}`,
      received: `shape [${x.shape.join(',')}]`,
    });
  }
  const min = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  let bad = 0;
  forEachRun(x.shape, axis === undefined ? perTensor : perAxis(axis), (g, start, end) => {
    let lo = min[g] as number;
    let hi = max[g] as number;
    for (let i = start; i < end; i++) {
      const v = x.data[i] as number;
      if (v - v !== 0) bad++;
      if (v < lo) lo = v;
      if (v > hi) hi = v;
    }
    min[g] = lo;
    max[g] = hi;
  });
  if (bad > 0) throw nonFinite(tensor, bad, x.data.length);
  return { min, max };
}

export function nonFinite(tensor: string, bad: number, count: number): NonFiniteDataError {
  return new NonFiniteDataError({
    operation: `[core] observe "${tensor}"`,
    expected: 'finite numbers',
    received: `${bad} NaN or infinite of ${count} values`,
    hint: 'Check the calibration data and the model for overflow.',
  });
}
