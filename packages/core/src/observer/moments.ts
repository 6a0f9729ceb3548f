import { makeRange } from '../range';
import { batchOf, forEachChannel } from './channels';
import { addSums, addValues, drain, type ExactSums, emptySlots, emptySums, ratioToNumber } from './exact-sum';
import { type Extremes, extremesOf } from './extremes';
import { assertKnownOptions } from './known-options';
import { mergeExtremes } from './min-max';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats, RestoreOptions } from './observer';
import { assertMergeable, assertSameChannels, notCalibrated, readState } from './observer-state';

/** Per parameter; each number is the exact value rounded once to float64. */
export interface MomentsStats extends RangeStats {
  /** Σx / N. */
  readonly mean: Float64Array;
  /** M2 = Σ(x − mean)²; the population variance is M2 / N with N = count / mean.length. */
  readonly m2: Float64Array;
  /** Σ|x| / N. */
  readonly meanAbs: Float64Array;
  /** Σx² / N. */
  readonly meanSquare: Float64Array;
}

/**
 * Count, mean, M2 and mean |x|, of the tensor or per index of `axis`, from exact sums (`exact-sum.ts`):
 *   mean = Σx / N,  M2 = (N·Σx² − (Σx)²) / N
 * Merge adds integers, so any split in any order gives the same bytes, which Chan's formula does only up to rounding.
 */
export const momentsObserver: ObserverType<MomentsStats> = /* @__PURE__ */ Object.freeze({
  kind: 'moments',
  create: (options: ObserverOptions = {}) => createMoments(options, 0, undefined, []),
  fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<MomentsStats> {
    const { axis, count, seen, sums } = readMoments(state);
    return createMoments({ ...options, ...axis }, count, seen, sums);
  },
});

// — internals —

function createMoments(
  options: ObserverOptions,
  initialCount: number,
  initial: Extremes | undefined,
  initialSums: readonly ExactSums[],
): Observer<MomentsStats> {
  assertKnownOptions('[core] momentsObserver', options, ['tensor', 'axis', 'backend']);
  const { axis, backend, tensor = 'tensor' } = options;
  let count = initialCount;
  let seen = initial;
  const sums = [...initialSums];
  const slots = sums.map(() => emptySlots(true));

  const allocate = (channels: number): void => {
    while (sums.length < channels) {
      sums.push(emptySums());
      slots.push(emptySlots(true));
    }
  };
  const drained = (): readonly ExactSums[] => {
    slots.forEach((slot, channel) => {
      drain(slot, sums[channel] as ExactSums);
    });
    return sums;
  };

  const identity = { kind: 'moments', ...(axis === undefined ? {} : { axis }) } as const;

  return {
    kind: 'moments',
    isOrdered: false,
    observe(x) {
      const batch = batchOf(x, axis, tensor);
      if (batch.data.length === 0) return;
      const extremes = extremesOf(x, axis, tensor, batch, backend);
      seen = seen === undefined ? extremes : mergeExtremes(seen, extremes, tensor);
      allocate(batch.channels);
      forEachChannel(x, axis, batch, (channel, values) => {
        const slot = slots[channel];
        const sum = sums[channel];
        if (slot !== undefined && sum !== undefined) addValues(slot, sum, values);
      });
      count += batch.data.length;
    },
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['axis']);
      const theirs = readMoments(state);
      if (theirs.seen === undefined) return;
      seen = seen === undefined ? theirs.seen : mergeExtremes(seen, theirs.seen, tensor);
      allocate(theirs.sums.length);
      theirs.sums.forEach((sum, channel) => {
        addSums(sums[channel] as ExactSums, sum);
      });
      count += theirs.count;
    },
    stats() {
      if (seen === undefined) throw notCalibrated(tensor);
      assertSameChannels(tensor, seen.min.length, sums.length);
      const n = BigInt(count / sums.length);
      const perChannel = (value: (sum: ExactSums) => number): Float64Array => Float64Array.from(drained(), value);
      return Object.freeze({
        count,
        range: makeRange(seen.min, seen.max),
        mean: perChannel((sum) => ratioToNumber(sum.positive - sum.negative, n, -149)),
        m2: perChannel((sum) => {
          const total = sum.positive - sum.negative;
          return ratioToNumber(n * sum.squares - total * total, n, -298);
        }),
        meanAbs: perChannel((sum) => ratioToNumber(sum.positive + sum.negative, n, -149)),
        meanSquare: perChannel((sum) => ratioToNumber(sum.squares, n, -298)),
      });
    },
    toJSON: () => ({
      ...identity,
      count,
      min: seen === undefined ? [] : [...seen.min],
      max: seen === undefined ? [] : [...seen.max],
      positive: drained().map((sum) => sum.positive.toString(16)),
      negative: drained().map((sum) => sum.negative.toString(16)),
      squares: drained().map((sum) => sum.squares.toString(16)),
    }),
  };
}

function readMoments(state: ObserverState): {
  axis: { axis?: number };
  count: number;
  seen: Extremes | undefined;
  sums: ExactSums[];
} {
  const reader = readState('moments', state);
  const count = reader.count('count');
  const min = reader.numbers('min');
  if ((count === 0) !== (min.length === 0)) throw reader.refuse('sums exactly when count > 0');
  const max = reader.numbers('max', min.length);
  const read = (key: string): bigint[] =>
    reader.strings(key, min.length).map((text) => {
      if (!/^[0-9a-f]+$/.test(text)) throw reader.refuse(`hexadecimal integers in ${key}`);
      return BigInt(`0x${text}`);
    });
  const positive = read('positive');
  const negative = read('negative');
  const squares = read('squares');
  const seen = count === 0 ? undefined : { min: Float64Array.from(min), max: Float64Array.from(max) };
  const sums = positive.map((value, g) => ({
    positive: value,
    negative: negative[g] ?? 0n,
    squares: squares[g] ?? 0n,
  }));
  return { axis: reader.axis(), count, seen, sums };
}
