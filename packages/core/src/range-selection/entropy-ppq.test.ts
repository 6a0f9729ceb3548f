import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ppqBins } from './entropy-ppq';

/** PPQ's loss of one candidate, array by array as its formula reads. */
function lossOf(counts: readonly number[], end: number, levels: number): number {
  const total = counts.reduce((a, b) => a + b, 0);
  const p = counts.slice(0, end).map((c) => c / total);
  p[end - 1]! += counts.slice(end).reduce((a, b) => a + b, 0) / total;
  const size = end / levels;
  const spread = Array.from({ length: levels }, (_, g) => counts.slice(g * size, (g + 1) * size)).flatMap((group) => {
    const occupied = Math.max(1, group.filter((c) => c > 0).length);
    return group.map((c) => (c > 0 ? group.reduce((a, b) => a + b, 0) / occupied : 0));
  });
  const sum = spread.reduce((a, b) => a + b, 0);
  return p.reduce((loss, v, j) => loss + v * (Math.log10(v + 1e-30) - Math.log10(spread[j]! / sum + 1e-30)), 0);
}

describe('ppqBins', () => {
  it('finds the first minimum among multiples of the levels', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 500 })), { minLength: 24, maxLength: 24 }),
        fc.constantFrom(2, 3, 4, 8),
        (histogram, levels) => {
          // 0.2 % of 24 bins is none; the bin after them becomes 1.
          const counts = [1, ...histogram.slice(1)];
          const ends = Array.from({ length: 24 / levels }, (_, i) => (i + 1) * levels);
          const losses = ends.map((end) => lossOf(counts, end, levels));
          const kept = ppqBins(Float64Array.from(histogram), levels);
          const rounding = 1e-12;
          expect(losses[kept / levels - 1]! - Math.min(...losses)).toBeLessThan(rounding);
        },
      ),
      { seed: 2, numRuns: 300 },
    );
  });

  it('zeroes the first 0.2 % of the bins, so that zeros after a ReLU do not rule', () => {
    const tail = Array.from({ length: 4095 }, (_, i) => Math.floor(1e5 * Math.exp(-i / 300)));
    const few = Float64Array.from([10, ...tail]);
    const many = Float64Array.from([1e9, ...tail]);
    expect(ppqBins(many, 128)).toBe(ppqBins(few, 128));
    expect(ppqBins(few, 128)).toBeLessThan(4096);
  });
});
