import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomSource } from '../testing/random-tensor';
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
