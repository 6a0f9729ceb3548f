import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { histogramObserver } from './histogram';

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
