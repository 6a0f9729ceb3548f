import type { Observer, ObserverOptions, ObserverState, ObserverType } from '../observer/observer';
import { type TensorView, view } from '../tensor-view';
import { check, checkSameText, checkThrows } from './assertions';
import { distributions, randomData, randomInteger, randomSource } from './random-tensor';
import { checksOf, type Skip, type TestApi } from './test-api';

export interface ObserverSuiteOptions<Options extends ObserverOptions> {
  /** Shown in the title; default the type's kind. */
  readonly name?: string;
  /** Options for `create`; `tensor` is set by the suite. */
  readonly create?: Omit<Options, 'tensor'>;
  /** Shape of a batch of so many rows; default `[rows]`. Splits are along the first axis. */
  readonly shape?: (rows: number) => readonly number[];
  /** Names of the data the observer accepts; default all of `distributions`. */
  readonly distributions?: readonly string[];
  readonly skip?: readonly Skip[];
}

const rows = 500;
const splits = 6;

/**
 * The contract of an observer: constant answers for degenerate data, no damage from bad data, JSON that reads back, and the
 * merge law (any split of the data in any order, merged, gives the same JSON text; in data order for ordered observers).
 */
export function describeObserver<Stats, Options extends ObserverOptions>(
  api: TestApi,
  type: ObserverType<Stats, Options>,
  options: ObserverSuiteOptions<Options> = {},
): void {
  const shape = options.shape ?? ((count: number) => [count]);
  const perRow = shape(1).reduce((product, d) => product * d, 1);
  const kinds = options.distributions ?? Object.keys(distributions);
  const fresh = (): Observer<Stats> => type.create({ ...options.create, tensor: 'conv1' } as unknown as Options);
  const batch = (data: Float32Array): TensorView => view(data, shape(data.length / perRow));
  const make = (kind: string, seed: number, count = rows): Float32Array => {
    const distribution = distributions[kind];
    check(distribution !== undefined, `no distribution "${kind}"`);
    return randomData(distribution, seed, count * perRow);
  };
  const text = (observer: Observer<Stats>): string => JSON.stringify(observer.toJSON());
  const observed = (...batches: readonly Float32Array[]): Observer<Stats> => {
    const observer = fresh();
    for (const data of batches) observer.observe(batch(data));
    return observer;
  };
  const anyData = (): Float32Array => make(kinds[0] ?? 'normal', 7);

  api.describe(`observer ${options.name ?? type.kind}`, () => {
    const test = checksOf(api, options.skip ?? []);

    test('kind', () => {
      check(fresh().kind === type.kind, `create gives kind ${fresh().kind}`);
      check(fresh().toJSON().kind === type.kind, 'toJSON has another kind');
    });

    test('nothing_observed', () => {
      checkThrows(() => fresh().stats(), 'ERR_NOT_CALIBRATED', 'stats of nothing');
      const restored = type.fromJSON(JSON.parse(text(fresh())) as ObserverState);
      checkSameText(text(restored), text(fresh()), 'empty state read back');
      checkThrows(() => restored.stats(), 'ERR_NOT_CALIBRATED', 'stats of nothing, read back');
    });

    test('empty_batch', () => {
      const observer = observed(new Float32Array(), anyData(), new Float32Array());
      checkSameText(text(observer), text(observed(anyData())), 'with empty batches');
    });

    test('single', () => {
      for (const kind of kinds) observed(make(kind, 3, 1)).stats();
    });

    test('degenerate', () => {
      for (const kind of ['zero', 'constant'].filter((candidate) => kinds.includes(candidate))) {
        const numbers = numbersIn(observed(make(kind, 1)).stats());
        check(numbers.every(Number.isFinite), `${kind} data: statistics are not finite`);
      }
    });

    test('finite_statistics', () => {
      for (const kind of kinds) {
        const numbers = numbersIn(observed(make(kind, 5)).stats());
        check(numbers.length > 0 && numbers.every(Number.isFinite), `${kind} data: statistics are not finite`);
      }
    });

    test('ragged_batches', () => {
      const observer = fresh();
      for (const count of [1, 3, 200, 17]) observer.observe(batch(make(kinds[0] ?? 'normal', count, count)));
      observer.stats();
    });

    test('stats_do_not_change_the_state', () => {
      const observer = observed(anyData());
      const before = text(observer);
      check(Object.isFrozen(observer.stats()), 'stats are not frozen');
      checkSameText(text(observer), before, 'after stats');
    });

    test('non_finite', () => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const observer = observed(anyData());
        const before = text(observer);
        const data = anyData();
        data[3] = bad;
        data[data.length - 1] = bad;
        const message = checkThrows(() => observer.observe(batch(data)), 'ERR_NON_FINITE_DATA', `data with ${bad}`);
        check(message.includes('conv1') && /\b2\b/.test(message), `message lacks tensor or count: ${message}`);
        checkSameText(text(observer), before, 'after refused data');
      }
    });

    test('json_round_trip', () => {
      for (const kind of kinds) {
        const observer = observed(make(kind, 11));
        const restored = type.fromJSON(JSON.parse(text(observer)) as ObserverState, { tensor: 'conv1' });
        checkSameText(text(restored), text(observer), `${kind} state read back`);
        const more = make(kind, 12);
        observer.observe(batch(more));
        restored.observe(batch(more));
        checkSameText(text(restored), text(observer), `${kind} state read back and continued`);
        checkSameText(JSON.stringify(restored.stats()), JSON.stringify(observer.stats()), `${kind} statistics`);
      }
    });

    test('json_of_another_kind', () => {
      checkThrows(() => type.fromJSON({ kind: 'noSuchKind' }), 'ERR_INVALID_ARGUMENT', 'foreign state');
      checkThrows(() => type.fromJSON({ kind: type.kind }), 'ERR_INVALID_ARGUMENT', 'state without fields');
    });

    test('merge_any_split', () => {
      for (const kind of kinds) {
        const data = make(kind, 21);
        for (let seed = 0; seed < splits; seed++) {
          const parts = randomParts(data, perRow, seed);
          const whole = fresh().isOrdered ? observed(...parts) : observed(data);
          const order = fresh().isOrdered ? parts : shuffled(parts, seed);
          const merged = fresh();
          for (const part of order) merged.merge(observed(part));
          checkSameText(text(merged), text(whole), `${kind} data, split ${seed}`);
        }
      }
    });

    test('merge_as_a_tree', () => {
      const parts = randomParts(anyData(), perRow, 99);
      const shards = parts.map((part) => observed(part));
      while (shards.length > 1) {
        const [first, second] = shards.splice(0, 2);
        if (first === undefined || second === undefined) break;
        first.merge(second);
        if (first.isOrdered) shards.unshift(first);
        else shards.push(first);
      }
      const whole = fresh().isOrdered ? observed(...parts) : observed(anyData());
      checkSameText(text(shards[0] ?? fresh()), text(whole), 'pairwise merge');
    });

    test('merge_with_late_outlier', () => {
      const data = anyData();
      const outlier = data.slice(0, perRow);
      outlier[0] = (kinds.includes('large') ? 2 ** 20 : 2) * data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const late = observed(data);
      late.merge(observed(outlier));
      checkSameText(text(late), text(observed(data, outlier)), 'outlier merged last');
      if (late.isOrdered) return;
      const early = observed(outlier);
      early.merge(observed(data));
      checkSameText(text(early), text(late), 'outlier merged first');
    });

    test('merge_with_empty', () => {
      const into = observed(anyData());
      into.merge(fresh());
      checkSameText(text(into), text(observed(anyData())), 'empty shard merged');
      const empty = fresh();
      empty.merge(observed(anyData()));
      checkSameText(text(empty), text(observed(anyData())), 'merged into an empty one');
    });

    test('merge_leaves_the_other', () => {
      const other = observed(anyData());
      const before = text(other);
      const into = fresh();
      into.merge(other);
      into.observe(batch(make(kinds[0] ?? 'normal', 8)));
      checkSameText(text(other), before, 'the merged shard');
    });

    test('merge_refuses_another_kind', () => {
      const foreign = { ...fresh(), kind: 'noSuchKind', toJSON: () => ({ kind: 'noSuchKind' }) };
      checkThrows(() => fresh().merge(foreign), 'ERR_INVALID_ARGUMENT', 'merge of another kind');
    });
  });
}

// — internals —

/** Cuts the rows into one to nine parts, some of them empty. */
function randomParts(data: Float32Array, perRow: number, seed: number): Float32Array[] {
  const random = randomSource(seed);
  const count = data.length / perRow;
  const cuts = Array.from({ length: randomInteger(random, 0, 8) }, () => randomInteger(random, 0, count));
  const edges = [0, ...cuts.sort((a, b) => a - b), count];
  return edges.slice(1).map((end, i) => data.slice((edges[i] ?? 0) * perRow, end * perRow));
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = randomSource(seed + 1000);
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (ArrayBuffer.isView(value)) return [...(value as Float64Array)];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(numbersIn);
  return [];
}
