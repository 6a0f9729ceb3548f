import { batchOf, forEachChannel } from './channels';
import { addSums, addValues, drain, type ExactSums, emptySlots, emptySums, ratioToNumber } from './exact-sum';
import { extremesOf } from './extremes';
import { assertKnownOptions } from './known-options';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RestoreOptions } from './observer';
import { assertMergeable, assertSameChannels, notCalibrated, readState } from './observer-state';

export interface MeanStats {
  /** Elements seen. */
  readonly count: number;
  /** Exact Σx / N rounded once to float64: one entry, or one per index of `axis`. */
  readonly mean: Float64Array;
}

/**
 * Mean of the tensor, or per index of `axis` (the channel means that bias correction compares): a moments observer that
 * keeps only Σx, exactly, at a third of the cost. Merge adds integers: any split in any order gives the same bytes.
 */
export const meanObserver: ObserverType<MeanStats> = /* @__PURE__ */ Object.freeze({
  kind: 'mean',
  create: (options: ObserverOptions = {}) => createMean(options, 0, []),
  fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<MeanStats> {
    const { axis, count, sums } = readMean(state);
    return createMean({ ...options, ...axis }, count, sums);
  },
});

// — internals —

function createMean(
  options: ObserverOptions,
  initialCount: number,
  initialSums: readonly ExactSums[],
): Observer<MeanStats> {
  assertKnownOptions('[core] meanObserver', options, ['tensor', 'axis', 'backend']);
  const { axis, backend, tensor = 'tensor' } = options;
  let count = initialCount;
  const sums = [...initialSums];
  const slots = sums.map(() => emptySlots(false));

  const allocate = (channels: number): void => {
    if (count > 0) assertSameChannels(tensor, sums.length, channels);
    while (sums.length < channels) {
      sums.push(emptySums());
      slots.push(emptySlots(false));
    }
  };
  const totals = (): readonly bigint[] =>
    sums.map((sum, channel) => {
      const slot = slots[channel];
      if (slot !== undefined) drain(slot, sum);
      return sum.positive - sum.negative;
    });

  const identity = { kind: 'mean', ...(axis === undefined ? {} : { axis }) } as const;

  return {
    kind: 'mean',
    isOrdered: false,
    observe(x) {
      const batch = batchOf(x, axis, tensor);
      if (batch.data.length === 0) return;
      extremesOf(x, axis, tensor, batch, backend);
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
      const theirs = readMean(state);
      if (theirs.count === 0) return;
      allocate(theirs.sums.length);
      theirs.sums.forEach((sum, channel) => {
        addSums(sums[channel] as ExactSums, sum);
      });
      count += theirs.count;
    },
    stats() {
      if (count === 0) throw notCalibrated(tensor);
      const n = BigInt(count / sums.length);
      return Object.freeze({ count, mean: Float64Array.from(totals(), (total) => ratioToNumber(total, n, -149)) });
    },
    toJSON: () => ({
      ...identity,
      count,
      sums: totals().map((total) => total.toString(16)),
    }),
  };
}

function readMean(state: ObserverState): { axis: { axis?: number }; count: number; sums: ExactSums[] } {
  const reader = readState('mean', state);
  const count = reader.count('count');
  const sums = reader.strings('sums').map((text) => {
    if (!/^-?[0-9a-f]+$/.test(text)) throw reader.refuse('hexadecimal integers in sums');
    const total = text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
    return { positive: total > 0n ? total : 0n, negative: total < 0n ? -total : 0n, squares: 0n };
  });
  if ((count === 0) !== (sums.length === 0)) throw reader.refuse('sums exactly when count > 0');
  return { axis: reader.axis(), count, sums };
}
