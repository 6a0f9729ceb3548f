import { InvalidArgumentError, NotCalibratedError, ShapeMismatchError } from '../errors';
import { makeRange } from '../range';
import { type Extremes, extremesOf } from './extremes';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats } from './observer';

/**
 * Running minimum and maximum:  lo ← min(lo, min x),  hi ← max(hi, max x).
 * Merge is elementwise min/max: exact, commutative, associative.
 */
export const minMaxObserver: ObserverType<RangeStats> = /* @__PURE__ */ Object.freeze({
  kind: 'minMax',
  create: (options: ObserverOptions = {}) => createMinMax(options),
  fromJSON(state: ObserverState, options: Pick<ObserverOptions, 'tensor'> = {}): Observer<RangeStats> {
    const { kind, axis, count, min, max } = state;
    if (kind !== 'minMax' || !Array.isArray(min) || !Array.isArray(max) || typeof count !== 'number') {
      throw new InvalidArgumentError({
        operation: '[core] minMaxObserver.fromJSON',
        expected: 'a state {kind: "minMax", count, min: [], max: []}',
        received: JSON.stringify(state).slice(0, 80),
      });
    }
    const seen = count === 0 ? undefined : { min: Float64Array.from(min), max: Float64Array.from(max) };
    return createMinMax({ ...options, ...(typeof axis === 'number' ? { axis } : {}) }, count, seen);
  },
});

function createMinMax(options: ObserverOptions, initialCount = 0, initial?: Extremes): Observer<RangeStats> {
  const { axis, tensor = 'tensor' } = options;
  let count = initialCount;
  let seen = initial;

  const absorb = (batch: Extremes, elements: number): void => {
    if (elements === 0) return;
    if (seen === undefined) {
      seen = { min: batch.min.slice(), max: batch.max.slice() };
    } else {
      assertSameLength(seen, batch, tensor);
      for (let g = 0; g < batch.min.length; g++) {
        seen.min[g] = Math.min(seen.min[g] as number, batch.min[g] as number);
        seen.max[g] = Math.max(seen.max[g] as number, batch.max[g] as number);
      }
    }
    count += elements;
  };

  return {
    kind: 'minMax',
    isOrdered: false,
    observe: (x) => absorb(extremesOf(x, axis, tensor), x.data.length),
    merge(other) {
      const state = other.toJSON();
      if (state.kind !== 'minMax' || state['axis'] !== axis) throw mergeMismatch('minMax', axis, state);
      if (state['count'] === 0) return;
      absorb(
        { min: Float64Array.from(state['min'] as number[]), max: Float64Array.from(state['max'] as number[]) },
        state['count'] as number,
      );
    },
    stats() {
      if (seen === undefined) throw notCalibrated(tensor);
      return Object.freeze({ count, range: makeRange(seen.min, seen.max) });
    },
    toJSON: () => ({
      kind: 'minMax',
      ...(axis === undefined ? {} : { axis }),
      count,
      min: seen === undefined ? [] : [...seen.min],
      max: seen === undefined ? [] : [...seen.max],
    }),
  };
}

// — shared by the observers of this folder —

export function notCalibrated(tensor: string): NotCalibratedError {
  return new NotCalibratedError({
    operation: `[core] stats of "${tensor}"`,
    expected: 'at least one observed value',
    received: 'none',
    hint: 'Run calibration data through the observer first.',
  });
}

export function mergeMismatch(kind: string, axis: number | undefined, state: ObserverState): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: '[core] merge',
    expected: `an observer of kind "${kind}" with axis ${axis ?? 'none'}`,
    received: `kind "${state.kind}" with axis ${String(state['axis'] ?? 'none')}`,
  });
}

function assertSameLength(a: Extremes, b: Extremes, tensor: string): void {
  if (a.min.length === b.min.length) return;
  throw new ShapeMismatchError({
    operation: `[core] observe "${tensor}"`,
    expected: `${a.min.length} channels as in earlier batches`,
    received: `${b.min.length}`,
  });
}
