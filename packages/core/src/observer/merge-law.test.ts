import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { fixedHistogramObserver } from './fixed-histogram';
import { gramObserver } from './gram';
import { histogramObserver } from './histogram';
import { meanObserver } from './mean';
import { minMaxObserver } from './min-max';
import { momentsObserver } from './moments';
import { movingAverageObserver } from './moving-average';
import type { Observer, ObserverType } from './observer';
import { tailsObserver } from './tails';
import { topTwoObserver } from './top-two';
import { withObserverOptions } from './with-observer-options';

const columns = 3;
const anyFloat = fc.float({ noNaN: true, noDefaultInfinity: true });
const bounded = fc.float({ noNaN: true, min: -64, max: 64 });

/** Rows of three values, cut into shards, each shard cut into batches, and an order in which to merge the shards. */
const plan = (value: fc.Arbitrary<number>) =>
  fc.array(
    fc.array(fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { maxLength: 6 }), { maxLength: 4 }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );

const cases: { name: string; type: ObserverType<unknown>; value: fc.Arbitrary<number>; runs?: number }[] = [
  { name: 'minMax', type: minMaxObserver, value: anyFloat },
  { name: 'minMax per channel', type: withObserverOptions(minMaxObserver, { axis: 1 }), value: anyFloat },
  { name: 'histogram', type: withObserverOptions(histogramObserver, { bins: 8 }), value: anyFloat },
  { name: 'histogram of 8192 bins', type: histogramObserver, value: bounded, runs: 20 },
  {
    name: 'histogram per channel',
    type: withObserverOptions(histogramObserver, { axis: 1, bins: 5 }),
    value: anyFloat,
  },
  {
    name: 'fixedHistogram',
    type: withObserverOptions(fixedHistogramObserver, { bins: 10, min: -64, max: 64 }),
    value: bounded,
  },
  { name: 'moments', type: momentsObserver, value: anyFloat },
  { name: 'moments per channel', type: withObserverOptions(momentsObserver, { axis: 1 }), value: anyFloat },
  { name: 'mean per channel', type: withObserverOptions(meanObserver, { axis: 1 }), value: anyFloat },
  { name: 'tails', type: withObserverOptions(tailsObserver, { size: 4 }), value: anyFloat },
  { name: 'topTwo', type: withObserverOptions(topTwoObserver, { size: 3 }), value: anyFloat },
  { name: 'gram', type: withObserverOptions(gramObserver, { absmax: 64 }), value: bounded },
];

function observe(observer: Observer<unknown>, rows: readonly (readonly number[])[]): void {
  observer.observe(view(Float32Array.from(rows.flat()), [rows.length, columns]));
}

describe('merge law: shards merged in any order give the bytes of one pass', () => {
  it.each(cases)('$name', ({ type, value, runs = 120 }) => {
    fc.assert(
      fc.property(plan(value), fc.integer(), (shards, order) => {
        const whole = type.create();
        observe(whole, shards.flat(2));
        const parts = shards.map((batches) => {
          const shard = type.create();
          for (const rows of batches) observe(shard, rows);
          return shard;
        });
        // Merge pairs picked by `order` until one is left.
        for (let seed = Math.abs(order); parts.length > 1; seed = Math.floor(seed / 3) + 7) {
          const [from] = parts.splice(seed % parts.length, 1);
          const into = parts[(seed >> 1) % parts.length]!;
          into.merge(type.fromJSON(JSON.parse(JSON.stringify(from!.toJSON()))));
        }
        expect(JSON.stringify(parts[0]!.toJSON())).toBe(JSON.stringify(whole.toJSON()));
      }),
      { seed: 20, numRuns: runs },
    );
  });

  it('movingAverage: shards merged in data order', () => {
    fc.assert(
      fc.property(plan(anyFloat), fc.constantFrom(0.5, 0.9, 0.01), (shards, momentum) => {
        const type = withObserverOptions(movingAverageObserver, { momentum, axis: 1 });
        const whole = type.create();
        const merged = type.create();
        for (const batches of shards) {
          const shard = type.create();
          for (const rows of batches) {
            observe(whole, rows);
            observe(shard, rows);
          }
          merged.merge(shard);
        }
        expect(JSON.stringify(merged.toJSON())).toBe(JSON.stringify(whole.toJSON()));
      }),
      { seed: 21, numRuns: 120 },
    );
  });
});
