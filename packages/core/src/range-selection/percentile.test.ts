import { describe, expect, it } from 'vitest';
import { histogramObserver } from '../observer/histogram';
import { tailsObserver } from '../observer/tails';
import { withObserverOptions } from '../observer/with-observer-options';
import { int8Weight, uint8Activation } from '../presets';
import { view } from '../tensor-view';
import { distributions, randomData } from '../testing/random-tensor';
import { exactPercentile, percentile } from './percentile';

const ramp = Float32Array.from({ length: 1000 }, (_, i) => i);

describe('exactPercentile', () => {
  const statsOf = (data: Float32Array, size = 4096) => {
    const observer = tailsObserver.create({ size });
    observer.observe(view(data));
    return observer.stats();
  };

  it('takes values by rank', () => {
    // N = 1000: each tail 1 %: x_(10) and x_(min(990, 999)); split: 0.5 % on each side; |x|: x_(990)
    const stats = statsOf(ramp);
    const each = exactPercentile(99, { tails: 'each' }).selectRange(stats, uint8Activation);
    expect([each.min[0], each.max[0]]).toEqual([10, 990]);
    const split = exactPercentile(99).selectRange(stats, uint8Activation);
    expect([split.min[0], split.max[0]]).toEqual([5, 995]);
    const absolute = exactPercentile(99).selectRange(stats, int8Weight);
    expect([absolute.min[0], absolute.max[0]]).toEqual([0, 990]);
  });

  it('ranks magnitudes of both signs', () => {
    // |x| of -500…499 sorted: 0, 1, 1, 2, 2, …: rank 900 of 1000 is 450
    const { min, max } = exactPercentile(90).selectRange(statsOf(ramp.map((v) => v - 500)), int8Weight);
    expect([min[0], max[0]]).toEqual([-450, 450]);
  });

  it('keeps everything at 100 %', () => {
    const { min, max } = exactPercentile(100).selectRange(statsOf(ramp), uint8Activation);
    expect([min[0], max[0]]).toEqual([0, 999]);
  });

  it('refuses a rank that the sketch does not hold', () => {
    const stats = statsOf(ramp, 8);
    expect(exactPercentile(99.5).selectRange(stats, uint8Activation).max[0]).toBe(997);
    expect(() => exactPercentile(90).selectRange(stats, uint8Activation)).toThrow(/larger size/);
    expect(() => exactPercentile(50).selectRange(stats, int8Weight)).toThrow(/larger size/);
  });
});

describe('percentile', () => {
  const statsOf = (data: Float32Array) => {
    const observer = withObserverOptions(histogramObserver, { bins: 8192 }).create();
    observer.observe(view(data));
    return observer.stats();
  };

  it('agrees with the exact one to one bin', () => {
    for (const kind of ['normal', 'relu', 'longTailed', 'negative']) {
      const data = randomData(distributions[kind]!, 3, 4000);
      const tails = tailsObserver.create();
      tails.observe(view(data));
      const stats = statsOf(data);
      const bin = stats.histograms[0]!.width;
      for (const scheme of [uint8Activation, int8Weight]) {
        const approximate = percentile(99).selectRange(stats, scheme);
        const exact = exactPercentile(99).selectRange(tails.stats(), scheme);
        // Between two neighbouring values any number is a quantile; the sketch takes the upper one.
        const sorted = data.map(Math.abs).sort();
        const gap = sorted.reduce((most, v, i) => (i > 3900 ? Math.max(most, v - sorted[i - 1]!) : most), 0);
        expect(Math.abs(approximate.max[0]! - exact.max[0]!)).toBeLessThanOrEqual(bin + gap);
        expect(Math.abs(approximate.min[0]! - exact.min[0]!)).toBeLessThanOrEqual(bin + gap);
      }
    }
  });

  it('stays inside the observed extremes', () => {
    const { min, max } = percentile(100).selectRange(statsOf(ramp), uint8Activation);
    expect([min[0], max[0]]).toEqual([0, 999]);
  });

  it('refuses p outside (0, 100] and unknown options', () => {
    expect(() => percentile(0)).toThrow(/per cent/);
    expect(() => percentile(100.1)).toThrow(/per cent/);
    expect(() => percentile(99, { tail: 'each' } as never)).toThrow(/option "tail"/);
    expect(percentile(99.9, { tails: 'each' }).id).toBe('percentile(99.9, each)');
  });
});
