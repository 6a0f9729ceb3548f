import { makeRange } from '../range';
import { batchOf } from './channels';
import { extremesOf } from './extremes';
import { assertBetween, assertKnownOptions } from './known-options';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats, RestoreOptions } from './observer';
import { assertMergeable, assertSameChannels, notCalibrated, readState } from './observer-state';

export interface MovingAverageOptions extends ObserverOptions {
  /** Weight β of the past, 0 < β < 1; default 0.9 (MQBench's ema_ratio). */
  readonly momentum?: number;
}

/**
 * Exponential moving average of batch extremes: the first batch is copied, then  lo ← β·lo + (1−β)·min x  and so for hi.
 *
 * Order matters, so shards are merged in data order. Folding shards into one number each would merge only up to float
 * rounding; to make the merge exact to the byte the state is the list of batch extremes and `stats` folds it. A batch that
 * is W = ⌈60·ln 2 / −ln β⌉ batches old weighs less than 2⁻⁶⁰, below float64 resolution, so only the last W are kept
 * (β = 0.9: 395, 0.99: 4139) and the average is defined over them: constant memory, 16·W bytes per parameter.
 */
export const movingAverageObserver: ObserverType<RangeStats, MovingAverageOptions> = /* @__PURE__ */ Object.freeze({
  kind: 'movingAverage',
  create: (options: MovingAverageOptions = {}) => createMovingAverage(options, 0, []),
  fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<RangeStats> {
    const { axis, momentum, count, batches } = readMovingAverage(state);
    return createMovingAverage({ ...options, ...axis, momentum }, count, batches);
  },
});

// — internals —

/** Extremes of one batch: [min of every parameter…, max of every parameter…]. */
type BatchExtremes = readonly number[];

function createMovingAverage(
  options: MovingAverageOptions,
  initialCount: number,
  initial: readonly BatchExtremes[],
): Observer<RangeStats> {
  assertKnownOptions('[core] movingAverageObserver', options, ['tensor', 'axis', 'backend', 'momentum']);
  const { axis, backend, tensor = 'tensor', momentum = 0.9 } = options;
  assertBetween('[core] movingAverageObserver', 'momentum', momentum, 0, 1);
  const window = Math.ceil((60 * Math.LN2) / -Math.log(momentum));
  let count = initialCount;
  let batches: readonly BatchExtremes[] = initial;

  const append = (more: readonly BatchExtremes[], elements: number): void => {
    const [first] = batches;
    const [next] = more;
    if (first !== undefined && next !== undefined) assertSameChannels(tensor, first.length / 2, next.length / 2);
    batches = [...batches, ...more].slice(-window);
    count += elements;
  };

  const identity = { kind: 'movingAverage', ...(axis === undefined ? {} : { axis }), momentum } as const;

  return {
    kind: 'movingAverage',
    isOrdered: true,
    observe(x) {
      const batch = batchOf(x, axis, tensor);
      if (batch.data.length === 0) return;
      const { min, max } = extremesOf(x, axis, tensor, batch, backend);
      append([[...min, ...max]], batch.data.length);
    },
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['axis', 'momentum']);
      const theirs = readMovingAverage(state);
      append(theirs.batches, theirs.count);
    },
    stats() {
      const [first, ...later] = batches;
      if (first === undefined) throw notCalibrated(tensor);
      const value = [...first];
      for (const batch of later) {
        for (let g = 0; g < value.length; g++) {
          value[g] = momentum * (value[g] as number) + (1 - momentum) * (batch[g] as number);
        }
      }
      const channels = value.length / 2;
      return Object.freeze({ count, range: makeRange(value.slice(0, channels), value.slice(channels)) });
    },
    toJSON: () => ({
      ...identity,
      count,
      batches: batches.map((batch) => [...batch]),
    }),
  };
}

function readMovingAverage(state: ObserverState): {
  axis: { axis?: number };
  momentum: number;
  count: number;
  batches: number[][];
} {
  const reader = readState('movingAverage', state);
  const batches = reader.lists('batches');
  const [first] = batches;
  if (first !== undefined && (first.length % 2 === 1 || batches.some((batch) => batch.length !== first.length))) {
    throw reader.refuse('batches of equal, even length');
  }
  return { axis: reader.axis(), momentum: reader.number('momentum'), count: reader.count('count'), batches };
}
