import { type Granularity, paramCount } from './granularity';
import { forEachStridedRun } from './group-iterator';
import { makeRange, type Range } from './range';
import type { TensorView } from './tensor-view';

/**
 * Smallest and largest value per parameter, 0 included: the range of a tensor that is all there (a weight).
 *
 * @throws {NonFiniteDataError} when x holds NaN or infinities
 */
export function dataRange(x: TensorView, granularity: Granularity): Range {
  const count = paramCount(x.shape, granularity);
  const min = new Float64Array(count);
  const max = new Float64Array(count);
  const { data } = x;
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    let low = min[g] as number;
    let high = max[g] as number;
    let isNan = false;
    for (let i = start; i < end; i += step) {
      const v = data[i] as number;
      if (v < low) low = v;
      if (v > high) high = v;
      if (Number.isNaN(v)) isNan = true;
    }
    min[g] = isNan ? Number.NaN : low;
    max[g] = high;
  });
  return makeRange(min, max);
}
