import { makeRange } from '../range';
import { batchOf, forEachChannel } from './channels';
import { type Extremes, extremesOf } from './extremes';
import { assertInteger, assertKnownOptions } from './known-options';
import { mergeExtremes } from './min-max';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats, RestoreOptions } from './observer';
import { assertMergeable, notCalibrated, readState } from './observer-state';

export interface TailsOptions extends ObserverOptions {
  /** Values kept at each end, per parameter; 1 to 2^22, default 4096. */
  readonly size?: number;
}

export interface TailsStats extends RangeStats {
  /** Per parameter the min(size, N) smallest values, ascending. */
  readonly smallest: readonly Float64Array[];
  /** Per parameter the min(size, N) largest values, ascending. */
  readonly largest: readonly Float64Array[];
}

/**
 * The K largest and the K smallest values: exact percentiles while the wanted rank lies within K of an end, and the whole
 * sorted data set when N ≤ K. Merge keeps the K outermost of the union: exact, in any order. Memory 32·K bytes per parameter.
 */
export const tailsObserver: ObserverType<TailsStats, TailsOptions> = /* @__PURE__ */ Object.freeze({
  kind: 'tails',
  create: (options: TailsOptions = {}) => createTails(options, 0, undefined, [], []),
  fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<TailsStats> {
    const { axis, size, count, seen, smallest, largest } = readTails(state);
    return createTails({ ...options, ...axis, size }, count, seen, smallest, largest);
  },
});

// — internals —

/** Up to 2K candidates for the K largest; `floor` is the K-th largest so far, below which nothing can enter. */
interface Top {
  readonly values: Float32Array;
  filled: number;
  floor: number;
}

function createTails(
  options: TailsOptions,
  initialCount: number,
  initial: Extremes | undefined,
  smallest: readonly (readonly number[])[],
  largest: readonly (readonly number[])[],
): Observer<TailsStats> {
  assertKnownOptions('[core] tailsObserver', options, ['tensor', 'axis', 'backend', 'size']);
  const { axis, backend, tensor = 'tensor', size = 4096 } = options;
  assertInteger('[core] tailsObserver', 'size', size, 1, 2 ** 22);
  let count = initialCount;
  let seen = initial;
  // The smallest values are kept negated, so that one routine serves both ends.
  const lows = smallest.map((values) =>
    topOf(
      values.map((v) => -v),
      size,
    ),
  );
  const highs = largest.map((values) => topOf(values, size));

  const allocate = (channels: number): void => {
    while (highs.length < channels) {
      lows.push(topOf([], size));
      highs.push(topOf([], size));
    }
  };
  const ascending = (top: Top): number[] => [...settle(top, size)];
  const negated = (top: Top): number[] => [...settle(top, size)].map((v) => 0 - v).reverse();

  const identity = { kind: 'tails', ...(axis === undefined ? {} : { axis }), size } as const;

  return {
    kind: 'tails',
    isOrdered: false,
    observe(x) {
      const batch = batchOf(x, axis, tensor);
      if (batch.data.length === 0) return;
      const extremes = extremesOf(x, axis, tensor, batch, backend);
      seen = seen === undefined ? extremes : mergeExtremes(seen, extremes, tensor);
      allocate(batch.channels);
      forEachChannel(x, axis, batch, (channel, values) => {
        const low = lows[channel];
        const high = highs[channel];
        if (low === undefined || high === undefined) return;
        offer(high, values, 1, size);
        offer(low, values, -1, size);
      });
      count += batch.data.length;
    },
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['axis', 'size']);
      const theirs = readTails(state);
      if (theirs.seen === undefined) return;
      seen = seen === undefined ? theirs.seen : mergeExtremes(seen, theirs.seen, tensor);
      allocate(theirs.largest.length);
      highs.forEach((top, channel) => {
        offer(top, Float32Array.from(theirs.largest[channel] ?? []), 1, size);
      });
      lows.forEach((top, channel) => {
        offer(top, Float32Array.from(theirs.smallest[channel] ?? []), -1, size);
      });
      count += theirs.count;
    },
    stats() {
      if (seen === undefined) throw notCalibrated(tensor);
      return Object.freeze({
        count,
        range: makeRange(seen.min, seen.max),
        smallest: Object.freeze(lows.map((top) => Float64Array.from(negated(top)))),
        largest: Object.freeze(highs.map((top) => Float64Array.from(ascending(top)))),
      });
    },
    toJSON: () => ({
      ...identity,
      count,
      min: seen === undefined ? [] : [...seen.min],
      max: seen === undefined ? [] : [...seen.max],
      smallest: lows.map(negated),
      largest: highs.map((top) => ascending(top)),
    }),
  };
}

function topOf(values: readonly number[], size: number): Top {
  const top: Top = { values: new Float32Array(2 * size), filled: 0, floor: Number.NEGATIVE_INFINITY };
  offer(top, Float32Array.from(values), 1, size);
  return top;
}

function offer(top: Top, values: Float32Array, sign: 1 | -1, size: number): void {
  const { values: kept } = top;
  let { filled, floor } = top;
  for (let i = 0; i < values.length; i++) {
    const v = sign * (values[i] as number);
    if (v <= floor) continue;
    kept[filled++] = v === 0 ? 0 : v;
    if (filled === kept.length) {
      top.filled = filled;
      settle(top, size);
      filled = top.filled;
      floor = top.floor;
    }
  }
  top.filled = filled;
}

/** Keeps the `size` largest, ascending. */
function settle(top: Top, size: number): Float32Array {
  const { values } = top;
  values.subarray(0, top.filled).sort();
  if (top.filled > size) {
    values.copyWithin(0, top.filled - size, top.filled);
    top.filled = size;
  }
  if (top.filled === size) top.floor = values[0] as number;
  return values.subarray(0, top.filled);
}

function readTails(state: ObserverState): {
  axis: { axis?: number };
  size: number;
  count: number;
  seen: Extremes | undefined;
  smallest: number[][];
  largest: number[][];
} {
  const reader = readState('tails', state);
  const count = reader.count('count');
  const size = reader.count('size');
  const smallest = reader.lists('smallest');
  const largest = reader.lists('largest', smallest.length);
  if ((count === 0) !== (smallest.length === 0)) throw reader.refuse('tails exactly when count > 0');
  const kept = count === 0 ? 0 : Math.min(size, count / smallest.length);
  if ([...smallest, ...largest].some((values) => values.length !== kept)) {
    throw reader.refuse(`tails of ${kept} values`);
  }
  const min = reader.numbers('min', smallest.length);
  const max = reader.numbers('max', smallest.length);
  const seen = count === 0 ? undefined : { min: Float64Array.from(min), max: Float64Array.from(max) };
  return { axis: reader.axis(), size, count, seen, smallest, largest };
}
