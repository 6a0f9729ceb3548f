import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { histogramObserver } from './histogram';
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

describe('histogramObserver', () => {
  it('counts in bins of a power of two anchored at zero', () => {
    const observer = histogramObserver.create({ bins: 8 });
    observer.observe(view([-1, -0.5, 0, 0.25, 3]));
    const [histogram] = observer.stats().histograms;
    expect(histogram).toMatchObject({ count: 5, min: -1, max: 3, start: -1, width: 1 });
    expect([...histogram!.counts]).toEqual([2, 2, 0, 0, 1]);
  });

  it('uses at least half of its bins and never more than all', () => {
    for (const outlier of [0, 5, 1e3, 1e30]) {
      const observer = histogramObserver.create({ bins: 1000 });
      observer.observe(view(Float32Array.from({ length: 500 }, (_, i) => Math.cos(i))));
      observer.observe(view([outlier]));
      const bins = observer.stats().histograms[0]!.counts.length;
      expect(bins).toBeLessThanOrEqual(1000);
      expect(bins).toBeGreaterThanOrEqual(499);
    }
  });

  it('leaves at least 2048 bins for |x| of a symmetric tensor by default', () => {
    const observer = histogramObserver.create();
    observer.observe(view([-5, 5]));
    const { counts } = observer.stats().histograms[0]!;
    expect(counts.length / 2).toBeGreaterThanOrEqual(2048);
  });

  it('needs one bin for constant data and grows from there', () => {
    const observer = histogramObserver.create({ bins: 64 });
    observer.observe(view([0.1, 0.1]));
    expect([...observer.stats().histograms[0]!.counts]).toEqual([2]);
    observer.observe(view([0.2]));
    const { counts } = observer.stats().histograms[0]!;
    expect(counts[0]).toBe(2);
    expect(counts.at(-1)).toBe(1);
  });

  it('has one histogram per index of the axis', () => {
    const observer = histogramObserver.create({ axis: 1, bins: 16 });
    observer.observe(view([1, 10, 2, 20, 3, 30, 4, 40], [4, 2]));
    const { histograms, range, count } = observer.stats();
    expect(count).toBe(8);
    expect(histograms.map((h) => h.count)).toEqual([4, 4]);
    expect([...range.min, ...range.max]).toEqual([1, 10, 4, 40]);
    expect(histograms.map((h) => h.width)).toEqual([0.25, 2]);
  });

  it('refuses another number of channels, and states whose counts do not fit', () => {
    const observer = histogramObserver.create({ axis: 0 });
    observer.observe(view([1, 2], [2, 1]));
    expect(() => observer.observe(view([1, 2, 3], [3, 1]))).toThrow(/2 channels as in earlier batches/);
    const state = JSON.parse(JSON.stringify(observer.toJSON()));
    expect(() => histogramObserver.fromJSON({ ...state, count: 4 })).toThrow(/sum to count/);
    expect(() => histogramObserver.fromJSON({ ...state, max: [9, 9] })).toThrow(/cover/);
  });

  it('refuses unknown options and impossible bins', () => {
    expect(() => histogramObserver.create({ bin: 3 } as never)).toThrow(/option "bin"/);
    expect(() => histogramObserver.create({ bins: 1 })).toThrow(/bins to be an integer/);
  });
});
