import { makeRange } from '../range';
import { batchOf } from './channels';
import { type Extremes, extremesOf } from './extremes';
import { assertKnownOptions } from './known-options';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats, RestoreOptions } from './observer';
import { assertMergeable, assertSameChannels, notCalibrated, readState } from './observer-state';

/**
 * Running minimum and maximum, of the tensor or per index of `axis`:  lo ← min(lo, min x),  hi ← max(hi, max x).
 * Merge is elementwise min/max: exact, commutative, associative.
 */
export const minMaxObserver: ObserverType<RangeStats> = /* @__PURE__ */ Object.freeze({
  kind: 'minMax',
  create: (options: ObserverOptions = {}) => createMinMax(options),
  fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<RangeStats> {
    const { axis, count, seen } = readMinMax(state);
    return createMinMax({ ...options, ...axis }, count, seen);
  },
});

// — internals —

function createMinMax(options: ObserverOptions, initialCount = 0, initial?: Extremes): Observer<RangeStats> {
  assertKnownOptions('[core] minMaxObserver', options, ['tensor', 'axis', 'backend']);
  const { axis, backend, tensor = 'tensor' } = options;
  let count = initialCount;
  let seen = initial;

  const absorb = (batch: Extremes, elements: number): void => {
    if (elements === 0) return;
    seen = seen === undefined ? batch : mergeExtremes(seen, batch, tensor);
    count += elements;
  };

  const identity = { kind: 'minMax', ...(axis === undefined ? {} : { axis }) } as const;

  return {
    kind: 'minMax',
    isOrdered: false,
    observe(x) {
      const batch = batchOf(x, axis, tensor);
      absorb(extremesOf(x, axis, tensor, batch, backend), batch.data.length);
    },
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['axis']);
      const theirs = readMinMax(state);
      if (theirs.seen !== undefined) absorb(theirs.seen, theirs.count);
    },
    stats() {
      if (seen === undefined) throw notCalibrated(tensor);
      return Object.freeze({ count, range: makeRange(seen.min, seen.max) });
    },
    toJSON: () => ({
      ...identity,
      count,
      min: seen === undefined ? [] : [...seen.min],
      max: seen === undefined ? [] : [...seen.max],
    }),
  };
}

/** Elementwise minimum and maximum; both sides stay as they were. */
export function mergeExtremes(a: Extremes, b: Extremes, tensor: string): Extremes {
  assertSameChannels(tensor, a.min.length, b.min.length);
  return {
    min: a.min.map((v, g) => Math.min(v, b.min[g] as number)),
    max: a.max.map((v, g) => Math.max(v, b.max[g] as number)),
  };
}

function readMinMax(state: ObserverState): { axis: { axis?: number }; count: number; seen: Extremes | undefined } {
  const reader = readState('minMax', state);
  const count = reader.count('count');
  const min = reader.numbers('min');
  const max = reader.numbers('max', min.length);
  if ((count === 0) !== (min.length === 0)) throw reader.refuse('extremes exactly when count > 0');
  const seen = count === 0 ? undefined : { min: Float64Array.from(min), max: Float64Array.from(max) };
  return { axis: reader.axis(), count, seen };
}
