import { ShapeMismatchError } from '../errors';
import { makeRange } from '../range';
import { batchOf } from './channels';
import { type Extremes, extremesOf } from './extremes';
import { assertInteger, assertKnownOptions } from './known-options';
import { mergeExtremes } from './min-max';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats, RestoreOptions } from './observer';
import { assertMergeable, notCalibrated, readState } from './observer-state';

export interface TopTwoOptions extends Pick<ObserverOptions, 'tensor' | 'backend'> {
  /** Rows kept of each sort; 1 to 2^20, default 4096. */
  readonly size?: number;
}

/** Largest and second largest value of one row. */
export type TopTwo = readonly [first: number, second: number];

export interface TopTwoStats extends RangeStats {
  /** Rows seen: all axes but the last. */
  readonly rows: number;
  /** The rows most likely to lose their order: smallest margin first − second, and largest second. No row twice. */
  readonly critical: readonly TopTwo[];
}

/**
 * The two largest values of every row (last axis) of a classifier head, for order-preserving range selection.
 *
 * A row loses its winner when both values get the same code: by rounding, when first − second is below a step, or by
 * clipping, when second is beyond the range. So the `size` rows with the smallest margins and the `size` rows with the
 * largest second values are kept; with fewer rows than `size` that is all of them. Merge keeps the extreme rows of the union
 * under a total order: exact, in any order, in constant memory.
 */
export const topTwoObserver: ObserverType<TopTwoStats, ObserverOptions & TopTwoOptions> = /* @__PURE__ */ Object.freeze(
  {
    kind: 'topTwo',
    create: (options: ObserverOptions & TopTwoOptions = {}) => createTopTwo(options, 0, 0, undefined, [], []),
    fromJSON(state: ObserverState, options: RestoreOptions = {}): Observer<TopTwoStats> {
      const { size, count, rows, seen, close, high } = readTopTwo(state);
      return createTopTwo({ ...options, size }, count, rows, seen, close, high);
    },
  },
);

// — internals —

const byMargin = (a: TopTwo, b: TopTwo): number => a[0] - a[1] - (b[0] - b[1]) || a[1] - b[1] || a[0] - b[0];
const bySecond = (a: TopTwo, b: TopTwo): number => b[1] - a[1] || a[0] - b[0];

function createTopTwo(
  options: TopTwoOptions,
  initialCount: number,
  initialRows: number,
  initial: Extremes | undefined,
  initialClose: readonly TopTwo[],
  initialHigh: readonly TopTwo[],
): Observer<TopTwoStats> {
  assertKnownOptions('[core] topTwoObserver', options, ['tensor', 'backend', 'size']);
  const { backend, tensor = 'tensor', size = 4096 } = options;
  assertInteger('[core] topTwoObserver', 'size', size, 1, 2 ** 20);
  let count = initialCount;
  let rows = initialRows;
  let seen = initial;
  let close = initialClose;
  let high = initialHigh;

  const keep = (newClose: readonly TopTwo[], newHigh: readonly TopTwo[]): void => {
    close = [...close, ...newClose].sort(byMargin).slice(0, size);
    high = [...high, ...newHigh].sort(bySecond).slice(0, size);
  };

  const identity = { kind: 'topTwo', size } as const;

  return {
    kind: 'topTwo',
    isOrdered: false,
    observe(x) {
      const batch = batchOf(x, undefined, tensor);
      if (batch.data.length === 0) return;
      const classes = x.shape.at(-1) ?? 1;
      if (classes < 2) {
        throw new ShapeMismatchError({
          operation: `[core] observe "${tensor}"`,
          expected: 'at least two classes along the last axis',
          received: `shape [${x.shape.join(',')}]`,
        });
      }
      const extremes = extremesOf(x, undefined, tensor, batch, backend);
      seen = seen === undefined ? extremes : mergeExtremes(seen, extremes, tensor);
      const pairs = topTwoOfRows(batch.data, classes);
      keep(pairs, pairs);
      rows += pairs.length;
      count += batch.data.length;
    },
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['size']);
      const theirs = readTopTwo(state);
      if (theirs.seen === undefined) return;
      seen = seen === undefined ? theirs.seen : mergeExtremes(seen, theirs.seen, tensor);
      keep(theirs.close, theirs.high);
      rows += theirs.rows;
      count += theirs.count;
    },
    stats() {
      if (seen === undefined) throw notCalibrated(tensor);
      return Object.freeze({ count, rows, range: makeRange(seen.min, seen.max), critical: union(close, high, rows) });
    },
    toJSON: () => ({
      ...identity,
      count,
      rows,
      min: seen === undefined ? [] : [...seen.min],
      max: seen === undefined ? [] : [...seen.max],
      close: close.map((pair) => [...pair]),
      high: high.map((pair) => [...pair]),
    }),
  };
}

function topTwoOfRows(data: Float32Array, classes: number): TopTwo[] {
  const pairs: TopTwo[] = [];
  for (let start = 0; start < data.length; start += classes) {
    let first = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let i = start; i < start + classes; i++) {
      const v = data[i] as number;
      if (v > first) {
        second = first;
        first = v;
      } else if (v > second) {
        second = v;
      }
    }
    pairs.push([first === 0 ? 0 : first, second === 0 ? 0 : second]);
  }
  return pairs;
}

/** Rows of both lists; a row that stands in both counts once, equal rows count as often as they can have occurred. */
function union(close: readonly TopTwo[], high: readonly TopTwo[], rows: number): readonly TopTwo[] {
  if (close.length === rows) return Object.freeze([...close]);
  const left = new Map<string, number>();
  for (const pair of close) left.set(pair.join(), (left.get(pair.join()) ?? 0) + 1);
  const more = high.filter((pair) => {
    const copies = left.get(pair.join()) ?? 0;
    left.set(pair.join(), copies - 1);
    return copies <= 0;
  });
  return Object.freeze([...close, ...more]);
}

function readTopTwo(state: ObserverState): {
  size: number;
  count: number;
  rows: number;
  seen: Extremes | undefined;
  close: readonly TopTwo[];
  high: readonly TopTwo[];
} {
  const reader = readState('topTwo', state);
  const size = reader.count('size');
  const rows = reader.count('rows');
  const kept = Math.min(size, rows);
  const pairs = (key: string): TopTwo[] =>
    reader.lists(key, kept).map(([first, second, ...rest]) => {
      if (first === undefined || second === undefined || rest.length > 0) throw reader.refuse(`pairs in ${key}`);
      return [first, second] as const;
    });
  const length = rows === 0 ? 0 : 1;
  const min = reader.numbers('min', length);
  const max = reader.numbers('max', length);
  const seen = rows === 0 ? undefined : { min: Float64Array.from(min), max: Float64Array.from(max) };
  return { size, count: reader.count('count'), rows, seen, close: pairs('close'), high: pairs('high') };
}
