import { RuntimeError } from '../errors';
import type { StatisticsBackend } from './observer';

/**
 * Counts on a grid of bins of power-of-two width anchored at zero: bin k covers [k·2^e, (k+1)·2^e), so 0 is always an edge.
 *
 * Problem: bins must grow when outliers arrive late, yet any order of the same data must give the same counts.
 * Idea: the exponent is a function of the extremes seen so far, e = canonicalExponent(min, max, bins), and the counts cover
 * exactly ⌊min/2^e⌋ … ⌊max/2^e⌋. That function never decreases when the range grows, and moving to a coarser grid is exact,
 *   ⌊x / 2^(e+d)⌋ = ⌊⌊x / 2^e⌋ / 2^d⌋,
 * because counts are integers. So whatever was counted on the finer grid of an earlier, smaller range lands in the same bin as
 * if it had been counted on the final grid: the counts depend on the multiset of values alone. No finer reserve is needed.
 * Deviates from the usual growing histograms (onnxruntime, ModelOpt), whose bin width is frozen by the first batch.
 */
export interface HistogramGrid {
  readonly min: number;
  readonly max: number;
  /** e: bins are 2^e wide. */
  readonly exponent: number;
  /** Index of the first bin, ⌊min/2^e⌋. A safe integer for float32 extremes. */
  readonly first: number;
  /** One integer count (< 2^53) for each bin first, first+1, …, ⌊max/2^e⌋. */
  readonly counts: Float64Array;
}

/**
 * Smallest e with ⌊max/2^e⌋ − ⌊min/2^e⌋ + 1 ≤ bins, but never finer than 2·bins steps per float32 ulp of the largest
 * magnitude (so that constant data have a grid, and bin indices stay safe integers). Non-decreasing when [min, max] grows.
 */
export function canonicalExponent(min: number, max: number, bins: number): number {
  const magnitude = new Int32Array(Float32Array.of(Math.max(Math.abs(min), Math.abs(max))).buffer)[0] as number;
  const ulp = Math.max(1, magnitude >>> 23) - 150;
  let exponent = ulp - 1 - Math.ceil(Math.log2(bins));
  while (Math.floor(max * 2 ** -exponent) - Math.floor(min * 2 ** -exponent) >= bins) exponent++;
  return exponent;
}

/** Empty bins for the range [min, max]. */
export function emptyGrid(min: number, max: number, bins: number): HistogramGrid {
  const exponent = canonicalExponent(min, max, bins);
  const first = Math.floor(min * 2 ** -exponent);
  const counts = new Float64Array(Math.floor(max * 2 ** -exponent) - first + 1);
  return { min, max, exponent, first, counts };
}

/** Moves counts to the grid of a range that contains theirs; returns `grid` itself when nothing changes. */
export function growGrid(grid: HistogramGrid, min: number, max: number, bins: number): HistogramGrid {
  if (min >= grid.min && max <= grid.max) return grid;
  const wide = emptyGrid(Math.min(min, grid.min), Math.max(max, grid.max), bins);
  addCoarsened(grid, wide);
  return wide;
}

/** Adds the counts of `from` to those of an equal or coarser grid `to` that covers it, in place. */
export function addCoarsened(from: HistogramGrid, to: HistogramGrid): void {
  const factor = 2 ** (from.exponent - to.exponent);
  for (let j = 0; j < from.counts.length; j++) {
    const count = from.counts[j] as number;
    if (count !== 0) addAt(to.counts, Math.floor((from.first + j) * factor) - to.first, count);
  }
}

function addAt(counts: Float64Array, index: number, count: number): void {
  counts[index] = (counts[index] as number) + count;
}

/**
 * Counts finite values that lie within [grid.min, grid.max], in place.
 *
 * Bin index: ⌊x·2^−e⌋ − first. The product is exact (a power of two), and it is floored before the subtraction, which would
 * round for tiny negative x. Long runs count into two small integer tables in turn: neighbours that hit the same bin (zeros
 * after a ReLU) then do not wait for each other.
 */
export function countValues(grid: HistogramGrid, values: Float32Array, backend?: StatisticsBackend): void {
  const { first, counts } = grid;
  if (backend !== undefined) {
    const missed = backend.histogram(values, { exponent: grid.exponent, firstBin: first }, counts);
    if (missed > 0) throw backendMissed(missed, values.length);
    return;
  }
  const inverse = 2 ** -grid.exponent;
  const span = counts.length;
  if (values.length < 4 * span) {
    for (let i = 0; i < values.length; i++) {
      addAt(counts, Math.floor((values[i] as number) * inverse) - first, 1);
    }
    return;
  }
  const even = new Uint32Array(span);
  const odd = new Uint32Array(span);
  const paired = values.length - (values.length % 4);
  for (let i = 0; i < paired; i += 4) {
    const a = (Math.floor((values[i] as number) * inverse) - first) | 0;
    const b = (Math.floor((values[i + 1] as number) * inverse) - first) | 0;
    const c = (Math.floor((values[i + 2] as number) * inverse) - first) | 0;
    const d = (Math.floor((values[i + 3] as number) * inverse) - first) | 0;
    (even[a] as number)++;
    (odd[b] as number)++;
    (even[c] as number)++;
    (odd[d] as number)++;
  }
  for (let i = paired; i < values.length; i++) {
    addAt(counts, Math.floor((values[i] as number) * inverse) - first, 1);
  }
  for (let j = 0; j < span; j++) addAt(counts, j, (even[j] as number) + (odd[j] as number));
}

function backendMissed(missed: number, count: number): RuntimeError {
  return new RuntimeError({
    operation: '[core] observe with a kernel backend',
    expected: `all of ${count} values in bins that cover their extremes`,
    received: `${missed} outside`,
    hint: 'The backend disagrees with itself: run describeKernelBackend on it.',
  });
}
