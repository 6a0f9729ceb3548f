import { InvalidArgumentError } from '../errors';
import { makeRange } from '../range';
import { batchOf } from './channels';
import { type Extremes, extremesOf } from './extremes';
import type { HistogramStats } from './histogram-stats';
import { assertInteger, assertKnownOptions } from './known-options';
import { mergeExtremes } from './min-max';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RestoreOptions } from './observer';
import { assertMergeable, notCalibrated, readState } from './observer-state';

export interface FixedHistogramOptions extends Pick<ObserverOptions, 'tensor' | 'backend'> {
  /** Bins, 1 to 2^24; default 2048. */
  readonly bins?: number;
  /** The range known beforehand (a min–max pass), rounded to float32. Required; min < max. */
  readonly min: number;
  readonly max: number;
  /** Count |x| instead of x; default false. */
  readonly absolute?: boolean;
}

/**
 * Histogram of the whole tensor over a range that is known beforehand, with numpy's float32 edges and conventions: the
 * two-pass calibration of PPQ, and what onnxruntime.quantization collects in one call. For results equal to those tools;
 * elsewhere {@link histogramObserver} needs no first pass.
 *
 * Edges (all operations in float32):  edge_i = i·((max − min)/bins) + min,  edge_bins = max
 * Bin i holds edge_i ≤ x < edge_(i+1); the last bin holds its upper edge too.
 *
 * @see numpy.histogram, numpy.linspace
 * @throws {InvalidArgumentError} on observe, when a value is outside [min, max]
 */
export const fixedHistogramObserver: ObserverType<HistogramStats, ObserverOptions & Partial<FixedHistogramOptions>> =
  /* @__PURE__ */ Object.freeze({
    kind: 'fixedHistogram',
    create: (options: ObserverOptions & Partial<FixedHistogramOptions> = {}) => createFixed(options, 0, undefined),
    fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<HistogramStats> {
      const { settings, count, counts, seen } = readFixed(state);
      return createFixed({ ...options, ...settings }, count, seen, counts);
    },
  });

/** The float32 edges of `bins` equal bins over [min, max], as numpy.linspace computes them. */
export function fixedEdges(min: number, max: number, bins: number): Float64Array {
  const start = Math.fround(min);
  const stop = Math.fround(max);
  const step = Math.fround(Math.fround(stop - start) / bins);
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => Math.fround(Math.fround(i * step) + start));
  edges[bins] = stop;
  return edges;
}

// — internals —

function createFixed(
  options: Partial<FixedHistogramOptions>,
  initialCount: number,
  initial: Extremes | undefined,
  initialCounts?: readonly number[],
): Observer<HistogramStats> {
  const operation = '[core] fixedHistogramObserver';
  assertKnownOptions(operation, options, ['tensor', 'backend', 'bins', 'min', 'max', 'absolute']);
  const { backend, tensor = 'tensor', bins = 2048, absolute = false } = options;
  assertInteger(operation, 'bins', bins, 1, 2 ** 24);
  const min = Math.fround(options.min ?? Number.NaN);
  const max = Math.fround(options.max ?? Number.NaN);
  if (!(min < max) || max - min === Number.POSITIVE_INFINITY) {
    throw new InvalidArgumentError({
      operation,
      expected: 'finite min < max in float32',
      received: `min ${options.min}, max ${options.max}`,
      hint: 'Observe with minMaxObserver first.',
    });
  }
  const edges = fixedEdges(min, max, bins);
  const counts = initialCounts === undefined ? new Float64Array(bins) : Float64Array.from(initialCounts);
  let count = initialCount;
  let seen = initial;

  const identity = { kind: 'fixedHistogram', bins, lower: min, upper: max, absolute } as const;

  return {
    kind: 'fixedHistogram',
    isOrdered: false,
    observe(x) {
      const batch = batchOf(x, undefined, tensor);
      if (batch.data.length === 0) return;
      const extremes = extremesOf(x, undefined, tensor, batch, backend);
      const data = absolute ? batch.data.map(Math.abs) : batch.data;
      const inside = absolute ? extremesOf({ data, shape: x.shape }, undefined, tensor) : extremes;
      assertInside(inside, min, max, tensor);
      countOnEdges(data, edges, counts);
      seen = seen === undefined ? extremes : mergeExtremes(seen, extremes, tensor);
      count += data.length;
    },
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['bins', 'lower', 'upper', 'absolute']);
      const theirs = readFixed(state);
      if (theirs.seen === undefined) return;
      for (let i = 0; i < bins; i++) counts[i] = (counts[i] as number) + (theirs.counts[i] as number);
      seen = seen === undefined ? theirs.seen : mergeExtremes(seen, theirs.seen, tensor);
      count += theirs.count;
    },
    stats() {
      if (seen === undefined) throw notCalibrated(tensor);
      const range = makeRange(seen.min, seen.max);
      const histogram = Object.freeze({
        count,
        min: range.min[0] as number,
        max: range.max[0] as number,
        start: min,
        width: (max - min) / bins,
        counts: counts.slice(),
        edges,
      });
      return Object.freeze({ count, range, histograms: Object.freeze([histogram]) });
    },
    toJSON: () => ({
      ...identity,
      count,
      min: seen === undefined ? [] : [...seen.min],
      max: seen === undefined ? [] : [...seen.max],
      counts: [...counts],
    }),
  };
}

function countOnEdges(values: Float32Array, edges: Float64Array, counts: Float64Array): void {
  const last = counts.length - 1;
  const start = edges[0] as number;
  const perUnit = counts.length / ((edges[counts.length] as number) - start);
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    let bin = Math.min(Math.max(Math.floor((x - start) * perUnit), 0), last);
    while (bin > 0 && x < (edges[bin] as number)) bin--;
    while (bin < last && x >= (edges[bin + 1] as number)) bin++;
    counts[bin] = (counts[bin] as number) + 1;
  }
}

function assertInside(seen: Extremes, min: number, max: number, tensor: string): void {
  const lo = seen.min[0] as number;
  const hi = seen.max[0] as number;
  if (lo >= min && hi <= max) return;
  throw new InvalidArgumentError({
    operation: `[core] observe "${tensor}"`,
    expected: `values within the fixed range [${min}, ${max}]`,
    received: `[${lo}, ${hi}]`,
    hint: 'Take the range from a min–max pass over the same data.',
  });
}

function readFixed(state: ObserverState): {
  settings: FixedHistogramOptions;
  count: number;
  counts: number[];
  seen: Extremes | undefined;
} {
  const reader = readState('fixedHistogram', state);
  const bins = reader.count('bins');
  const counts = reader.numbers('counts', bins);
  const count = reader.count('count');
  if (counts.reduce((sum, value) => sum + value, 0) !== count) throw reader.refuse('counts that sum to count');
  const length = count === 0 ? 0 : 1;
  const min = reader.numbers('min', length);
  const max = reader.numbers('max', length);
  return {
    settings: {
      bins,
      min: reader.number('lower'),
      max: reader.number('upper'),
      absolute: state['absolute'] === true,
    },
    count,
    counts,
    seen: count === 0 ? undefined : { min: Float64Array.from(min), max: Float64Array.from(max) },
  };
}
