import { int4, int8, uint8 } from '../dtype';
import type { Observer } from '../observer/observer';
import { int8Weight, uint8Activation } from '../presets';
import { chooseQParams } from '../qparams';
import type { Range } from '../range';
import type { RangeSelector } from '../range-selection/range-selector';
import { type LinearScheme, linearScheme } from '../scheme';
import { type TensorView, view } from '../tensor-view';
import { check, checkSameNumbers, checkSameText } from './assertions';
import { distributions, randomData } from './random-tensor';
import { checksOf, type Skip, type TestApi } from './test-api';

export interface RangeSelectorSuiteOptions {
  /** Schemes to select for; default one of each mapping and code range. */
  readonly schemes?: readonly LinearScheme[];
  /** Shape of a batch of so many values; default `[values]`. */
  readonly shape?: (values: number) => readonly number[];
  readonly skip?: readonly Skip[];
}

const values = 2000;

const defaultSchemes: () => readonly LinearScheme[] = () => [
  uint8Activation,
  int8Weight,
  linearScheme({ dtype: int4, mapping: 'symmetric', narrowRange: true }),
  linearScheme({ dtype: int8, mapping: 'symmetric', divisor: 'halfSpan' }),
  linearScheme({ dtype: uint8, mapping: 'symmetric', unsignedZero: 'zero' }),
];

/**
 * The contract of a range selector: a finite range for every kind of data and scheme, nothing invented beyond the data, the
 * same answer for the same statistics however they were merged, and the same answer per channel as for the channel alone.
 */
export function describeRangeSelector<Stats>(
  api: TestApi,
  selector: RangeSelector<Stats>,
  options: RangeSelectorSuiteOptions = {},
): void {
  const schemes = options.schemes ?? defaultSchemes();
  const shape = options.shape ?? ((count: number) => [count]);
  const make = (kind: string, factor = 1): Float32Array => {
    const distribution = distributions[kind];
    check(distribution !== undefined, `no distribution "${kind}"`);
    return randomData(distribution, 31, values).map((v) => v * factor);
  };
  const batch = (data: Float32Array): TensorView => view(data, shape(data.length));
  const kinds = Object.keys(distributions);
  const statsOf = (data: Float32Array): Stats => {
    const observer = selector.observer.create({ tensor: 'conv1' });
    observer.observe(batch(data));
    return observer.stats();
  };

  api.describe(`range selector ${selector.id}`, () => {
    const test = checksOf(api, options.skip ?? []);
    const everywhere = (body: (kind: string, scheme: LinearScheme) => void): void => {
      for (const kind of kinds) for (const scheme of schemes) body(kind, scheme);
    };
    const known = new Map<string, Range>();
    const rangeFor = (kind: string, scheme: LinearScheme): Range => {
      const key = `${kind} ${schemes.indexOf(scheme)}`;
      const range = known.get(key) ?? selector.selectRange(statsOf(make(kind)), scheme);
      known.set(key, range);
      return range;
    };

    test('has_an_id', () => {
      check(/^\w+(\(.+\))?$/.test(selector.id), `id "${selector.id}" is not name or name(options)`);
    });

    test('finite_range', () => {
      everywhere((kind, scheme) => {
        const { min, max } = rangeFor(kind, scheme);
        check(min.length === 1 && max.length === 1, `${kind}: ${min.length} parameters for one tensor`);
        const [lo, hi] = [min[0] as number, max[0] as number];
        check(Number.isFinite(lo) && Number.isFinite(hi) && lo <= hi, `${kind}: range [${lo}, ${hi}]`);
        const { scale } = chooseQParams({ min, max }, scheme);
        check((scale[0] as number) > 0, `${kind}: scale ${scale[0]}`);
      });
    });

    test('within_observed', () => {
      everywhere((kind, scheme) => {
        const data = make(kind);
        const { min, max } = rangeFor(kind, scheme);
        const lowest = data.reduce((least, v) => Math.min(least, v), 0);
        const highest = data.reduce((most, v) => Math.max(most, v), 0);
        const isInside = (min[0] as number) >= lowest && (max[0] as number) <= highest;
        check(isInside, `${kind}: [${min[0]}, ${max[0]}] is beyond [${lowest}, ${highest}]`);
      });
    });

    test('pure', () => {
      const [scheme] = schemes;
      check(scheme !== undefined, 'no scheme given');
      for (const kind of kinds) {
        const stats = statsOf(make(kind));
        const before = JSON.stringify(stats);
        const range = selector.selectRange(stats, scheme);
        checkSameText(JSON.stringify(stats), before, `${kind}: the statistics`);
        checkSameRange(range, rangeFor(kind, scheme), `${kind}: second call`);
      }
    });

    test('degenerate', () => {
      for (const scheme of schemes) {
        const zero = selector.selectRange(statsOf(new Float32Array(10)), scheme);
        checkSameNumbers([zero.min[0] ?? 1, zero.max[0] ?? 1], [0, 0], 'all zero');
        for (const constant of [3, -3]) {
          const { min, max } = selector.selectRange(statsOf(new Float32Array(10).fill(constant)), scheme);
          check((min[0] as number) <= (max[0] as number), `constant ${constant}: [${min[0]}, ${max[0]}]`);
        }
      }
    });

    test('merged_shards', () => {
      const [scheme] = schemes;
      check(scheme !== undefined, 'no scheme given');
      for (const kind of kinds) {
        const data = make(kind);
        const half = selector.observer.create();
        half.observe(batch(data.slice(values / 2)));
        const merged: Observer<Stats> = selector.observer.create();
        if (merged.isOrdered) return;
        merged.merge(half);
        merged.observe(batch(data.slice(0, values / 2)));
        checkSameRange(selector.selectRange(merged.stats(), scheme), rangeFor(kind, scheme), kind);
      }
    });

    test('scales_with_the_data', () => {
      for (const kind of ['normal', 'relu', 'outliers']) {
        for (const scheme of schemes) {
          const once = rangeFor(kind, scheme);
          const fourfold = selector.selectRange(statsOf(make(kind, 4)), scheme);
          checkSameRange(
            fourfold,
            { min: once.min.map((v) => 4 * v), max: once.max.map((v) => 4 * v) },
            `${kind} times 4`,
          );
        }
      }
    });

    test('per_channel', () => {
      const kinds = ['normal', 'zero', 'relu', 'outliers'];
      const channels = kinds.map((kind) => make(kind).slice(0, values / 4));
      const observer = selector.observer.create({ axis: 0 });
      observer.observe(view(Float32Array.from(channels.flatMap((data) => [...data])), [kinds.length, values / 4]));
      for (const scheme of schemes) {
        const range = selector.selectRange(observer.stats(), scheme);
        check(range.min.length === kinds.length, `${range.min.length} parameters for ${kinds.length} channels`);
        channels.forEach((data, g) => {
          const alone = selector.observer.create({ axis: 0 });
          alone.observe(view(data, [1, data.length]));
          const expected = selector.selectRange(alone.stats(), scheme);
          checkSameRange({ min: range.min.subarray(g, g + 1), max: range.max.subarray(g, g + 1) }, expected, `${g}`);
        });
      }
    });
  });
}

function checkSameRange(actual: Range, expected: Range, what: string): void {
  checkSameNumbers(actual.min, expected.min, `${what}: min`);
  checkSameNumbers(actual.max, expected.max, `${what}: max`);
}
