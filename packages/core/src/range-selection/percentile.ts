import { InvalidArgumentError } from '../errors';
import { histogramObserver } from '../observer/histogram';
import type { Histogram, HistogramStats } from '../observer/histogram-stats';
import { assertKnownOptions } from '../observer/known-options';
import { type TailsStats, tailsObserver } from '../observer/tails';
import { makeRange } from '../range';
import type { LinearScheme } from '../scheme';
import { binEdge, foldAbsolute } from './histogram-shape';
import type { RangeSelector } from './range-selector';

export interface PercentileOptions {
  /**
   * What p % is kept of:
   *   `split`     of the values; (100 − p)/2 % are cut at each end (onnxruntime, asymmetric)
   *   `each`      of the values at each end; (100 − p) % are cut at each end (PPQ)
   *   `absolute`  of |x|: range ±T (onnxruntime symmetric, ModelOpt)
   * Default: `absolute` for symmetric schemes, else `split`.
   */
  readonly tails?: 'split' | 'each' | 'absolute';
  /**
   * Where in its bin a quantile lies: `interpolated` (default; uniform density inside a bin), or `lowerEdge`, the first edge
   * whose bin reaches the cumulative share, as onnxruntime takes it.
   */
  readonly position?: 'interpolated' | 'lowerEdge';
}

/**
 * Clips to the range that holds p % of the values, read from a histogram; never beyond the observed extremes.
 * A quantile is off by at most one bin (1/4096 of the range by default); {@link exactPercentile} is not off.
 *
 * @param p per cent in (0, 100], typically 99.9 to 99.999
 * @throws {InvalidArgumentError} for p outside (0, 100] or an unknown option
 */
export function percentile(p: number, options: PercentileOptions = {}): RangeSelector<HistogramStats> {
  assertKnownOptions('[core] percentile', options, ['tails', 'position']);
  assertPercent(p);
  const { tails, position = 'interpolated' } = options;
  const quantile = position === 'interpolated' ? interpolatedQuantile : lowerEdgeQuantile;
  return Object.freeze({
    id: `percentile(${[p, ...Object.values(options)].join(', ')})`,
    observer: histogramObserver,
    selectRange(stats: HistogramStats, scheme: LinearScheme) {
      const kind = tails ?? defaultTails(scheme);
      const ranges = stats.histograms.map((h) => {
        if (kind === 'absolute') {
          const bound = quantile(foldAbsolute(h), p / 100);
          return [clamp(-bound, h), clamp(bound, h)] as const;
        }
        const cut = (100 - p) / (kind === 'split' ? 200 : 100);
        return [clamp(quantile(h, cut), h), clamp(quantile(h, 1 - cut), h)] as const;
      });
      return rangeOf(ranges);
    },
  });
}

/**
 * The same from a tail sketch: exact by rank, with 0-based sorted values  lo = x₍⌊N·cut⌋₎,  hi = x₍min(⌊N·(1−cut)⌋, N−1)₎.
 * For `absolute` the rank is taken in |x|.
 *
 * @throws {InvalidArgumentError} for p outside (0, 100], or on selectRange when a rank lies outside the sketch
 * @see PPQ's percentile observer, which averages it over batches; here it is one percentile of all data
 */
export function exactPercentile(p: number, options: Pick<PercentileOptions, 'tails'> = {}): RangeSelector<TailsStats> {
  assertKnownOptions('[core] exactPercentile', options, ['tails']);
  assertPercent(p);
  return Object.freeze({
    id: `exactPercentile(${[p, ...Object.values(options)].join(', ')})`,
    observer: tailsObserver,
    selectRange(stats: TailsStats, scheme: LinearScheme) {
      const kind = options.tails ?? defaultTails(scheme);
      const n = stats.count / stats.largest.length;
      const ranges = stats.largest.map((largest, g) => {
        const smallest = stats.smallest[g] ?? new Float64Array();
        if (kind === 'absolute') {
          const rank = Math.min(Math.floor((n * p) / 100), n - 1);
          const bound = largestMagnitude(smallest, largest, n - 1 - rank, n);
          return [Math.max(-bound, smallest[0] as number), Math.min(bound, largest.at(-1) as number)] as const;
        }
        const cut = (100 - p) / (kind === 'split' ? 200 : 100);
        const low = smallest[Math.min(Math.floor(n * cut), n - 1)];
        const high = largest[largest.length - n + Math.min(Math.floor(n * (1 - cut)), n - 1)];
        if (low === undefined || high === undefined) throw outsideSketch(n, largest.length);
        return [Math.min(low, high), high] as const;
      });
      return rangeOf(ranges);
    },
  });
}

// — internals —

function defaultTails(scheme: LinearScheme): 'split' | 'absolute' {
  return scheme.mapping === 'symmetric' ? 'absolute' : 'split';
}

function clamp(bound: number, h: Histogram): number {
  return Math.min(Math.max(bound, h.min), h.max);
}

/** A cut that leaves nothing can cross; the range then shrinks to one point. */
function rangeOf(bounds: readonly (readonly [number, number])[]): ReturnType<typeof makeRange> {
  return makeRange(
    bounds.map(([lo, hi]) => Math.min(lo, hi)),
    bounds.map(([lo, hi]) => Math.max(lo, hi)),
  );
}

function interpolatedQuantile(h: Histogram, share: number): number {
  const wanted = share * h.count;
  let below = 0;
  for (let j = 0; j < h.counts.length; j++) {
    const count = h.counts[j] as number;
    if (count > 0 && below + count >= wanted) {
      const inside = Math.max(0, (wanted - below) / count);
      return binEdge(h, j) + inside * (binEdge(h, j + 1) - binEdge(h, j));
    }
    below += count;
  }
  return h.max;
}

/** First j whose cumulative share Σ_{i≤j} counts[i]/total, summed in this order, reaches `share`. */
function lowerEdgeQuantile(h: Histogram, share: number): number {
  let total = 0;
  for (const count of h.counts) total += count;
  let cumulative = 0;
  for (let j = 0; j < h.counts.length; j++) {
    cumulative += (h.counts[j] as number) / total;
    if (cumulative >= share) return binEdge(h, j);
  }
  return binEdge(h, h.counts.length);
}

/** The magnitude with `above` larger ones, from both ends of the sorted values. */
function largestMagnitude(smallest: Float64Array, largest: Float64Array, above: number, n: number): number {
  let low = 0;
  let high = largest.length - 1;
  for (let left = above; ; left--) {
    const fromLow = smallest[low];
    const fromHigh = largest[high];
    if (fromLow === undefined || fromHigh === undefined) throw outsideSketch(n, largest.length);
    const takesLow = -fromLow > fromHigh;
    if (left === 0) return Math.abs(takesLow ? fromLow : fromHigh);
    if (takesLow) low++;
    else high--;
  }
}

function outsideSketch(n: number, kept: number): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: '[core] exactPercentile',
    expected: `a rank within the ${kept} values kept at each end`,
    received: `a rank outside them, of ${n} values`,
    hint: 'Give tailsObserver a larger size, or use percentile() on a histogram.',
  });
}

function assertPercent(p: number): void {
  if (p > 0 && p <= 100) return;
  throw new InvalidArgumentError({
    operation: '[core] percentile',
    expected: 'per cent in (0, 100], for example 99.99',
    received: String(p),
  });
}
