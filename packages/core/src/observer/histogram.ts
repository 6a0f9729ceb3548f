import { makeRange } from '../range';
import { type BinCounter, binCounter } from './bin-counter';
import { batchOf, forEachChannel } from './channels';
import { extremesOf } from './extremes';
import {
  addCoarsened,
  canonicalExponent,
  countValues,
  emptyGrid,
  growGrid,
  type HistogramGrid,
} from './histogram-grid';
import type { HistogramStats } from './histogram-stats';
import { assertInteger, assertKnownOptions } from './known-options';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RestoreOptions } from './observer';
import { assertMergeable, assertSameChannels, notCalibrated, readState } from './observer-state';

export interface HistogramOptions extends ObserverOptions {
  /**
   * Most bins per parameter; 2 to 2^20, default 8192, or 2048 with an axis. At least half of them cover [min, max] (fewer only
   * for nearly constant data), so 8192 leave ≥ 2048 bins for |x| of a symmetric tensor, what an entropy search wants.
   */
  readonly bins?: number;
}

/**
 * Histogram with power-of-two bins anchored at zero and exact merge: `histogram-grid.ts` has the grid and its law.
 * Memory is 8 bytes per bin per parameter (16 without an axis), whatever the amount of data. Without an axis most batches cost one
 * pass: only one that widens the range costs two (`bin-counter.ts`). With an axis or a backend every batch costs two.
 */
export const histogramObserver: ObserverType<HistogramStats, HistogramOptions> = /* @__PURE__ */ Object.freeze({
  kind: 'histogram',
  create: (options: HistogramOptions = {}) => createHistogram(options, 0, undefined),
  fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<HistogramStats> {
    const { axis, bins, count, grids } = readHistogram(state);
    return createHistogram({ ...options, ...axis, bins }, count, grids);
  },
});

// — internals —

function createHistogram(
  options: HistogramOptions,
  initialCount: number,
  initial: readonly HistogramGrid[] | undefined,
): Observer<HistogramStats> {
  assertKnownOptions('[core] histogramObserver', options, ['tensor', 'axis', 'backend', 'bins']);
  const { axis, backend, tensor = 'tensor', bins = axis === undefined ? 8192 : 2048 } = options;
  assertInteger('[core] histogramObserver', 'bins', bins, 2, 2 ** 20);
  let count = initialCount;
  let grids = initial;
  let counter: BinCounter | undefined;

  const identity = { kind: 'histogram', ...(axis === undefined ? {} : { axis }), bins } as const;

  /** The grids with everything counted so far. */
  const settled = (): readonly HistogramGrid[] | undefined => {
    counter?.settle();
    return grids;
  };

  return {
    kind: 'histogram',
    isOrdered: false,
    observe(x) {
      const batch = batchOf(x, axis, tensor);
      if (batch.data.length === 0) return;
      if (counter?.tryAdd(batch.data) === true) {
        count += batch.data.length;
        return;
      }
      const before = settled();
      if (before !== undefined) assertSameChannels(tensor, before.length, batch.channels);
      const { min, max } = extremesOf(x, axis, tensor, batch, backend);
      const next = Array.from(min, (lo, channel) => {
        const hi = max[channel] as number;
        const seen = before?.[channel];
        return seen === undefined ? emptyGrid(lo, hi, bins) : growGrid(seen, lo, hi, bins);
      });
      forEachChannel(x, axis, batch, (channel, values) => {
        countValues(next[channel] as HistogramGrid, values, backend);
      });
      grids = next;
      counter = axis === undefined && backend === undefined ? binCounter(next[0] as HistogramGrid) : undefined;
      count += batch.data.length;
    },
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['axis', 'bins']);
      const theirs = readHistogram(state);
      if (theirs.grids === undefined) return;
      const before = settled();
      if (before !== undefined) assertSameChannels(tensor, before.length, theirs.grids.length);
      counter = undefined;
      grids = theirs.grids.map((grid, channel) => {
        const mine = before?.[channel];
        if (mine === undefined) return grid;
        const both = growGrid(mine, grid.min, grid.max, bins);
        addCoarsened(grid, both);
        return both;
      });
      count += theirs.count;
    },
    stats() {
      const now = settled();
      if (now === undefined) throw notCalibrated(tensor);
      const share = count / now.length;
      const histograms = now.map(({ min, max, exponent, first, counts }) => {
        const width = 2 ** exponent;
        return Object.freeze({ count: share, min, max, start: first * width, width, counts: counts.slice() });
      });
      const range = makeRange(
        now.map((grid) => grid.min),
        now.map((grid) => grid.max),
      );
      return Object.freeze({ count, range, histograms: Object.freeze(histograms) });
    },
    toJSON() {
      const now = settled() ?? [];
      return {
        ...identity,
        count,
        min: now.map((grid) => grid.min),
        max: now.map((grid) => grid.max),
        counts: now.map((grid) => [...grid.counts]),
      };
    },
  };
}

/** The exponent and the first bin follow from the extremes, so the state does not repeat them. */
function readHistogram(state: ObserverState): {
  axis: { axis?: number };
  bins: number;
  count: number;
  grids: readonly HistogramGrid[] | undefined;
} {
  const reader = readState('histogram', state);
  const bins = reader.count('bins');
  const count = reader.count('count');
  const counts = reader.lists('counts');
  const mins = reader.numbers('min', counts.length);
  const maxs = reader.numbers('max', counts.length);
  if (bins < 2 || bins > 2 ** 20 || (count === 0) !== (counts.length === 0)) throw reader.refuse('bins and counts');
  const grids = counts.map((values, channel) => {
    const min = mins[channel] as number;
    const max = maxs[channel] as number;
    const exponent = canonicalExponent(min, max, bins);
    const first = Math.floor(min * 2 ** -exponent);
    const total = values.reduce((sum, value) => sum + value, 0);
    const isWhole = values.length === Math.floor(max * 2 ** -exponent) - first + 1 && total * counts.length === count;
    if (min > max || !isWhole) throw reader.refuse('counts that cover [min, max] and sum to count');
    return { min, max, exponent, first, counts: Float64Array.from(values) };
  });
  return { axis: reader.axis(), bins, count, grids: count === 0 ? undefined : grids };
}
