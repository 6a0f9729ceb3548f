import { describe, expect, it } from 'vitest';
import { int4, int8, uint4 } from '../dtype';
import { histogramObserver } from '../observer/histogram';
import { chooseQParams } from '../qparams';
import { fakeQuantize } from '../quantize';
import { makeRange } from '../range';
import { type LinearScheme, linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { distributions, randomData } from '../testing/random-tensor';
import { shrinkFactors } from './candidate-ranges';
import { meanSquaredError } from './mean-squared-error';

const statsOf = (data: Float32Array) => {
  const observer = histogramObserver.create();
  observer.observe(view(data));
  return observer.stats();
};

function errorOf(data: Float32Array, min: number, max: number, scheme: LinearScheme, p: number): number {
  const quantized = fakeQuantize(view(data), scheme, chooseQParams(makeRange(min, max), scheme));
  return data.reduce((sum, v, i) => sum + Math.abs(v - quantized[i]!) ** p, 0) / data.length;
}

describe('meanSquaredError', () => {
  const cases = [
    { kind: 'normal', scheme: linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true }), p: 2 },
    { kind: 'normal', scheme: linearScheme({ dtype: int4, mapping: 'symmetric', narrowRange: true }), p: 2.4 },
    { kind: 'longTailed', scheme: linearScheme({ dtype: int8, mapping: 'symmetric' }), p: 2 },
    { kind: 'relu', scheme: linearScheme({ dtype: uint4 }), p: 2 },
    { kind: 'negative', scheme: linearScheme({ dtype: uint4 }), p: 2 },
    { kind: 'outliers', scheme: linearScheme({ dtype: int4, mapping: 'symmetric' }), p: 2 },
  ];

  it.each(cases)('is within 1 % of the best of all candidates on the data: $kind, p = $p', ({ kind, scheme, p }) => {
    const data = randomData(distributions[kind]!, 8, 4000);
    const stats = statsOf(data);
    const { min, max } = meanSquaredError({ p }).selectRange(stats, scheme);
    const [lo, hi] = [stats.range.min[0]!, stats.range.max[0]!];
    const best = shrinkFactors().reduce(
      (least, f) => Math.min(least, errorOf(data, lo * f, hi * f, scheme, p)),
      Number.POSITIVE_INFINITY,
    );
    expect(errorOf(data, min[0]!, max[0]!, scheme, p)).toBeLessThanOrEqual(1.01 * best);
  });

  it('shrinks both bounds on their own for asymmetric schemes, which is within 1 % of all pairs', () => {
    const data = randomData((random) => distributions['normal']!(random) + (random() < 0.003 ? 9 : 0), 3, 3000);
    const stats = statsOf(data);
    const scheme = linearScheme({ dtype: uint4 });
    const [lo, hi] = [stats.range.min[0]!, stats.range.max[0]!];
    const factors = shrinkFactors().filter((f) => f > 0.1);
    let best = Number.POSITIVE_INFINITY;
    for (const a of factors.filter((_, i) => i % 4 === 0)) {
      for (const b of factors.filter((_, i) => i % 4 === 0)) {
        best = Math.min(best, errorOf(data, lo * a, hi * b, scheme, 2));
      }
    }
    const free = meanSquaredError().selectRange(stats, scheme);
    const tied = meanSquaredError({ bounds: 'together' }).selectRange(stats, scheme);
    const freeError = errorOf(data, free.min[0]!, free.max[0]!, scheme, 2);
    expect(freeError).toBeLessThanOrEqual(1.01 * best);
    expect(freeError).toBeLessThanOrEqual(errorOf(data, tied.min[0]!, tied.max[0]!, scheme, 2) * 1.001);
  });

  it('keeps the zero side of one-signed data', () => {
    const { min, max } = meanSquaredError().selectRange(
      statsOf(randomData(distributions['relu']!, 1, 3000)),
      linearScheme({ dtype: uint4 }),
    );
    expect(min[0]).toBe(0);
    expect(max[0]).toBeGreaterThan(0.5);
  });
});
