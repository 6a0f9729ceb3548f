import { InvalidArgumentError } from './errors';
import { type Granularity, paramCount } from './granularity';
import { forEachStridedRun } from './group-iterator';
import { assertLength } from './integer/accumulator';
import type { HistogramBins, MinMax } from './kernel-backend';
import type { TensorView } from './tensor-view';

/**
 * Smallest and largest finite value per parameter; see KernelBackend.minMax.
 *
 * @returns how many values are NaN or infinite
 * @throws {ShapeMismatchError} when `out` does not have G entries
 */
export function minMax(x: TensorView, granularity: Granularity, out: MinMax): number {
  const count = paramCount(x.shape, granularity);
  assertLength('[core] minMax', 'min', out.min.length, count);
  assertLength('[core] minMax', 'max', out.max.length, count);
  const { min, max } = out;
  min.fill(Number.POSITIVE_INFINITY);
  max.fill(Number.NEGATIVE_INFINITY);
  const { data } = x;
  let bad = 0;
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    let low = min[g] as number;
    let high = max[g] as number;
    for (let i = start; i < end; i += step) {
      const v = data[i] as number;
      if (v - v !== 0) {
        bad++;
        continue;
      }
      if (v < low) low = v;
      if (v > high) high = v;
    }
    min[g] = low;
    max[g] = high;
  });
  return bad;
}

/**
 * counts[⌊v/2^exponent⌋ − firstBin] += 1 for every value; see KernelBackend.histogram. Exact: dividing by a power of two is.
 *
 * @returns how many values were not counted: not finite, or outside the bins
 * @throws {InvalidArgumentError} when exponent or firstBin is no integer
 */
export function histogram(data: Float32Array, bins: HistogramBins, counts: Float64Array): number {
  const { exponent, firstBin } = bins;
  if (!Number.isInteger(exponent) || Math.abs(exponent) > 300 || !Number.isInteger(firstBin)) {
    throw new InvalidArgumentError({
      operation: '[core] histogram',
      expected: 'an integer exponent within [-300, 300] and an integer firstBin',
      received: `${exponent} and ${firstBin}`,
    });
  }
  const perUnit = 2 ** -exponent;
  let missed = 0;
  for (let i = 0; i < data.length; i++) {
    const bin = Math.floor((data[i] as number) * perUnit) - firstBin;
    if (bin >= 0 && bin < counts.length) counts[bin] = (counts[bin] as number) + 1;
    else missed++;
  }
  return missed;
}
