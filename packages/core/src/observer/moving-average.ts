import { InvalidArgumentError } from '../errors';
import { makeRange } from '../range';
import { extremesOf } from './extremes';
import { mergeMismatch, notCalibrated } from './min-max';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats } from './observer';

export interface MovingAverageOptions extends ObserverOptions {
  /** Weight β of the past; default 0.9 (MQBench's ema_ratio). */
  readonly momentum?: number;
}

/**
 * Exponential moving average of batch extremes: the first batch is copied, then  lo ← β·lo + (1−β)·min x  and so for hi.
 *
 * Order matters, so shards must be merged in data order. To make that merge exact the state is the list of batch
 * extremes' fold split at each merge: a shard keeps its batch extremes, and `merge` replays the later shard's batches.
 * The state therefore grows with the number of batches (two numbers each per parameter), not with their size.
 */
export const movingAverageObserver: ObserverType<RangeStats, MovingAverageOptions> = /* @__PURE__ */ Object.freeze({
  kind: 'movingAverage',
  create: (options: MovingAverageOptions = {}) => createMovingAverage(options, 0, []),
  fromJSON(state: ObserverState, options: Pick<ObserverOptions, 'tensor'> = {}): Observer<RangeStats> {
    const { kind, axis, count, batches, momentum } = state;
    if (
      kind !== 'movingAverage' ||
      !Array.isArray(batches) ||
      typeof count !== 'number' ||
      typeof momentum !== 'number'
    ) {
      throw new InvalidArgumentError({
        operation: '[core] movingAverageObserver.fromJSON',
        expected: 'a state {kind: "movingAverage", momentum, count, batches: []}',
        received: JSON.stringify(state).slice(0, 80),
      });
    }
    return createMovingAverage({ ...options, momentum, ...(typeof axis === 'number' ? { axis } : {}) }, count, batches);
  },
});

/** Extremes of one batch: [min…, max…]. */
type Batch = { readonly min: readonly number[]; readonly max: readonly number[] };

function createMovingAverage(
  options: MovingAverageOptions,
  initialCount: number,
  initial: readonly Batch[],
): Observer<RangeStats> {
  const { axis, tensor = 'tensor', momentum = 0.9 } = options;
  if (!(momentum >= 0 && momentum < 1)) {
    throw new InvalidArgumentError({
      operation: '[core] movingAverageObserver',
      expected: 'a momentum in [0, 1)',
      received: String(momentum),
    });
  }
  let count = initialCount;
  const batches: Batch[] = [...initial];

  return {
    kind: 'movingAverage',
    isOrdered: true,
    observe(x) {
      if (x.data.length === 0) return;
      const { min, max } = extremesOf(x, axis, tensor);
      batches.push({ min: [...min], max: [...max] });
      count += x.data.length;
    },
    merge(other) {
      const state = other.toJSON();
      if (state.kind !== 'movingAverage' || state['axis'] !== axis || state['momentum'] !== momentum) {
        throw mergeMismatch('movingAverage', axis, state);
      }
      batches.push(...(state['batches'] as Batch[]));
      count += state['count'] as number;
    },
    stats() {
      const first = batches[0];
      if (first === undefined) throw notCalibrated(tensor);
      const average = (key: 'min' | 'max'): Float64Array => {
        const value = Float64Array.from(first[key]);
        for (const batch of batches.slice(1)) {
          for (let g = 0; g < value.length; g++) {
            value[g] = momentum * (value[g] as number) + (1 - momentum) * (batch[key][g] as number);
          }
        }
        return value;
      };
      return Object.freeze({ count, range: makeRange(average('min'), average('max')) });
    },
    toJSON: () => ({
      kind: 'movingAverage',
      ...(axis === undefined ? {} : { axis }),
      momentum,
      count,
      batches: [...batches],
    }),
  };
}
