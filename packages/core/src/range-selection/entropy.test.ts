import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedHistogramObserver } from '../observer/fixed-histogram';
import { histogramObserver } from '../observer/histogram';
import { int8Weight, uint8Activation } from '../presets';
import { view } from '../tensor-view';
import { randomNormal, randomSource } from '../testing/random-tensor';
import { entropy } from './entropy';
import { ppqBins } from './entropy-ppq';
import { tensorrtBins } from './entropy-tensorrt';

/** The definition, written without any shortcut: divergences of all candidates. */
function definedDivergences(histogram: readonly number[], levels: number): number[] {
  const counts = [...histogram];
  counts[0] = counts[1]!;
  const divergences: number[] = [];
  for (let i = levels; i <= counts.length; i++) {
    const p = counts.slice(0, i);
    p[i - 1]! += counts.slice(i).reduce((a, b) => a + b, 0);
    const groupOf = (j: number): number => Math.floor((j * levels) / i);
    const q = p.map((_, j) => {
      if (counts[j] === 0) return 0;
      const members = p.map((_x, k) => k).filter((k) => groupOf(k) === groupOf(j) && counts[k]! > 0);
      return members.reduce((sum, k) => sum + counts[k]!, 0) / members.length;
    });
    const sumP = p.reduce((a, b) => a + b, 0);
    const sumQ = q.reduce((a, b) => a + b, 0);
    const term = (v: number, j: number): number => (v === 0 ? 0 : (v / sumP) * Math.log(v / sumP / (q[j]! / sumQ)));
    divergences.push(p.reduce((sum, v, j) => sum + term(v, j), 0));
  }
  return divergences;
}

describe('tensorrtBins', () => {
  it('finds a minimum of the divergence as defined', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 })), { minLength: 10, maxLength: 60 }),
        fc.integer({ min: 2, max: 8 }),
        (histogram, levels) => {
          fc.pre(histogram.slice(1).some((c) => c > 0));
          const divergences = definedDivergences(histogram, levels);
          const least = Math.min(...divergences.filter((d) => !Number.isNaN(d)));
          const kept = tensorrtBins(Float64Array.from(histogram), levels);
          fc.pre(Number.isFinite(least));
          const rounding = 1e-12;
          expect(divergences[kept - levels]! - least).toBeLessThan(rounding);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('keeps everything of a uniform histogram: all divergences are 0 and the last one wins', () => {
    expect(tensorrtBins(new Float64Array(2048).fill(5), 128)).toBe(2048);
  });

  it('does not depend on the number of samples', () => {
    const random = randomSource(3);
    const counts = Float64Array.from({ length: 512 }, (_, i) => Math.floor(1000 * Math.exp(-i / 60) * random()));
    expect(
      tensorrtBins(
        counts.map((c) => c * 1024),
        64,
      ),
    ).toBe(tensorrtBins(counts, 64));
  });

  it('returns all bins when there are no more than levels, or nothing but zeros', () => {
    expect(tensorrtBins(new Float64Array(100).fill(1), 128)).toBe(100);
    expect(tensorrtBins(Float64Array.of(9, 0, 0, 0), 2)).toBe(4);
  });
});

describe('ppqBins', () => {
  it('only considers multiples of the levels', () => {
    const counts = Float64Array.from({ length: 4096 }, (_, i) => Math.floor(1e5 * Math.exp(-i / 300)));
    expect(ppqBins(counts, 128) % 128).toBe(0);
    expect(ppqBins(counts, 128)).toBeLessThan(4096);
  });
});

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
