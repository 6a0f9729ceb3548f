import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalExponent, countValues, emptyGrid, growGrid } from './histogram-grid';

const float = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('canonicalExponent', () => {
  it('is the smallest width that covers the range with the bins allowed', () => {
    // [-1, 3] in at most 8 bins: width 1/2 needs ⌊6⌋ − ⌊−2⌋ + 1 = 9 bins, width 1 needs 5.
    expect(canonicalExponent(-1, 3, 8)).toBe(0);
    expect(canonicalExponent(-1, 3, 9)).toBe(-1);
  });

  it('never decreases when the range grows', () => {
    fc.assert(
      fc.property(
        fc.array(float, { minLength: 2, maxLength: 2 }),
        float,
        fc.integer({ min: 2, max: 5000 }),
        (a, more, bins) => {
          const [lo, hi] = [Math.min(...a), Math.max(...a)];
          const inner = canonicalExponent(lo, hi, bins);
          expect(canonicalExponent(Math.min(lo, more), Math.max(hi, more), bins)).toBeGreaterThanOrEqual(inner);
        },
      ),
      { seed: 11, numRuns: 2000 },
    );
  });

  it('keeps bin indices safe integers for every float32', () => {
    fc.assert(
      fc.property(float, float, (a, b) => {
        const exponent = canonicalExponent(Math.min(a, b), Math.max(a, b), 8192);
        expect(Number.isSafeInteger(Math.floor(a * 2 ** -exponent))).toBe(true);
      }),
      { seed: 12, numRuns: 2000 },
    );
  });
});

describe('countValues', () => {
  it('floors before it subtracts: the tiniest negative value is below zero', () => {
    const grid = emptyGrid(-1, 1, 8);
    countValues(grid, Float32Array.of(-(2 ** -149), 0, 2 ** -149, -1, 1));
    // width 1/2: [-1,-1/2) [-1/2,0) [0,1/2) [1/2,1) [1,3/2)
    expect([...grid.counts]).toEqual([1, 1, 2, 0, 1]);
  });

  it('counts long runs like short ones', () => {
    const values = Float32Array.from({ length: 1003 }, (_, i) => Math.sin(i) * 3);
    const [long, short] = [emptyGrid(-3, 3, 32), emptyGrid(-3, 3, 32)];
    countValues(long, values);
    for (let i = 0; i < values.length; i += 50) countValues(short, values.subarray(i, i + 50));
    expect(long).toEqual(short);
  });
});

describe('growGrid', () => {
  it('gives the counts that counting on the wide grid would have given', () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 1, maxLength: 40 }), float, (values, outlier) => {
        const data = Float32Array.from(values, (v) => v + 0);
        const [lo, hi] = [Math.min(...data), Math.max(...data)];
        const grown = emptyGrid(lo, hi, 16);
        countValues(grown, data);
        const wide = growGrid(grown, outlier + 0, outlier + 0, 16);
        const direct = emptyGrid(Math.min(lo, outlier), Math.max(hi, outlier), 16);
        countValues(direct, data);
        expect([...wide.counts]).toEqual([...direct.counts]);
        expect(wide.exponent).toBe(direct.exponent);
      }),
      { seed: 13, numRuns: 1000 },
    );
  });
});
