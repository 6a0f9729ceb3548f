import { describe, expect, it } from 'vitest';
import { fixedHistogramObserver } from '../observer/fixed-histogram';
import { histogramObserver } from '../observer/histogram';
import { int8Weight, uint8Activation } from '../presets';
import { view } from '../tensor-view';
import { randomNormal, randomSource } from '../testing/random-tensor';
import { entropy } from './entropy';
import { ppqBins } from './entropy-ppq';

describe('entropy', () => {
  const normal = (count: number, outlier?: number): Float32Array => {
    const random = randomSource(9);
    const data = Float32Array.from({ length: count }, () => randomNormal(random));
    if (outlier !== undefined) data[5] = outlier;
    return data;
  };
  const statsOf = (data: Float32Array) => {
    const observer = histogramObserver.create();
    observer.observe(view(data));
    return observer.stats();
  };

  it('ignores an outlier that min–max would follow', () => {
    const { max } = entropy().selectRange(statsOf(normal(50_000, 60)), int8Weight);
    expect(max[0]).toBeLessThan(10);
    expect(max[0]).toBeGreaterThan(2);
  });

  it('is not fooled by the zeros a ReLU makes', () => {
    const relu = normal(50_000).map((v) => Math.max(v, 0));
    const { min, max } = entropy().selectRange(statsOf(relu), uint8Activation);
    expect(min[0]).toBe(0);
    expect(max[0]).toBeGreaterThan(2);
  });

  it('uses at least as many bins as asked where the data have them', () => {
    const far = normal(5000).map((v) => 1000 + v / 100);
    const { max } = entropy().selectRange(statsOf(far), uint8Activation);
    expect(max[0]).toBeGreaterThan(999);
  });

  it('gives PPQ’s scale: kept bins times width over levels', () => {
    const data = normal(20_000);
    const absmax = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const fixed = fixedHistogramObserver.create({ bins: 4096, min: 0, max: absmax, absolute: true });
    fixed.observe(view(data));
    const kept = ppqBins(fixed.stats().histograms[0]!.counts, 128);
    const { max } = entropy({ variant: 'ppq' }).selectRange(fixed.stats(), int8Weight);
    const rounding = 1e-6;
    expect(Math.abs(max[0]! / 127 / ((kept * absmax) / 4096 / 128) - 1)).toBeLessThan(rounding);
  });

  it('names its options in the id', () => {
    expect(entropy().id).toBe('entropy');
    expect(entropy({ variant: 'onnxruntime', levels: 256 }).id).toBe('entropy(onnxruntime, levels=256)');
    expect(() => entropy({ bin: 3 } as never)).toThrow(/option "bin"/);
  });
});
