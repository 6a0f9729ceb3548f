import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binCounter } from './bin-counter';
import { countValues, emptyGrid } from './histogram-grid';

const values = (from: number, to: number): fc.Arbitrary<Float32Array> =>
  fc
    .array(fc.float({ min: from, max: to, noNaN: true }), { minLength: 1, maxLength: 41 })
    .map((list) => Float32Array.from(list, (v) => v + 0));

describe('binCounter', () => {
  it.each([
    ['data of both signs', -3, 5],
    ['data from zero on', 0, 5],
    ['data far from zero', 100, 101],
  ])('counts %s as countValues does', (_, from, to) => {
    fc.assert(
      fc.property(fc.array(values(from, to), { minLength: 1, maxLength: 5 }), (batches) => {
        const [fast, plain] = [emptyGrid(from, to, 64), emptyGrid(from, to, 64)];
        const counter = binCounter(fast);
        for (const batch of batches) {
          expect(counter.tryAdd(batch)).toBe(true);
          countValues(plain, batch);
        }
        counter.settle();
        expect([...fast.counts]).toEqual([...plain.counts]);
      }),
      { seed: 31 },
    );
  });

  it.each([
    ['a larger value', 5.0000005],
    ['a smaller value', -3.0000003],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
  ])('counts nothing of a batch with %s, wherever it is', (_, bad) => {
    for (let position = 0; position < 7; position++) {
      const grid = emptyGrid(-3, 5, 64);
      const counter = binCounter(grid);
      const batch = Float32Array.of(1, 1, -2, 0, 4, 5, -3);
      counter.tryAdd(batch);
      batch[position] = bad;
      expect(counter.tryAdd(batch)).toBe(false);
      counter.settle();
      expect(grid.counts.reduce((a, b) => a + b)).toBe(7);
    }
  });
});
