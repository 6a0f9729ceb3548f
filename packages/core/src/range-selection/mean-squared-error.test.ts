import { describe, expect, it } from 'vitest';
import { int4, int8, uint4, uint8 } from '../dtype';
import { histogramObserver } from '../observer/histogram';
import { chooseQParams } from '../qparams';
import { fakeQuantize } from '../quantize';
import { makeRange } from '../range';
import { type LinearScheme, linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { distributions, randomData, randomInteger, randomSource } from '../testing/random-tensor';
import { shrinkFactors } from './candidate-ranges';
import { gridSums, powerError, powerTable, profileOf } from './grid-error';
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

describe('gridSums', () => {
  it('equals quantizing every bin centre with core’s own loop', () => {
    const random = randomSource(4);
    for (const kind of ['normal', 'relu', 'negative', 'outliers', 'ties']) {
      const profile = profileOf(statsOf(randomData(distributions[kind]!, 5, 3000)).histograms[0]!);
      const centres = view(Float32Array.from(profile.centre));
      for (const dtype of [int8, uint8, int4]) {
        for (let run = 0; run < 8; run++) {
          const scheme = linearScheme({ dtype, rounding: run === 7 ? 'floor' : 'halfEven' });
          const scale = Math.fround(0.001 + random() * 0.2);
          const zeroPoint = randomInteger(random, dtype.qmin, dtype.qmax);
          const qparams = { scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zeroPoint) };
          const y = fakeQuantize(centres, scheme, qparams);
          const brute = { squaredError: 0, dot: 0, energy: 0 };
          profile.weight.forEach((w, j) => {
            const c = profile.centre[j]!;
            brute.squaredError += w * (c - y[j]!) ** 2;
            brute.dot += w * c * y[j]!;
            brute.energy += w * y[j]! ** 2;
          });
          const fast = gridSums(profile, scheme, scale, zeroPoint);
          // The reference rounds y and x/scale to float32.
          const float32Rounding = 1e-6;
          for (const key of ['squaredError', 'dot', 'energy'] as const) {
            const scaleOfSum = Math.abs(brute[key]) + float32Rounding * brute.energy;
            expect(Math.abs(fast[key] - brute[key])).toBeLessThanOrEqual(float32Rounding * 10 * scaleOfSum + 1e-12);
          }
        }
      }
    }
  });
});

describe('powerError', () => {
  it('agrees with gridSums at p = 2 and with the definition at p = 2.4', () => {
    const profile = profileOf(statsOf(randomData(distributions['normal']!, 6, 3000)).histograms[0]!);
    const scheme = linearScheme({ dtype: int4 });
    const tableError = 1e-6;
    const squared = gridSums(profile, scheme, 0.3, 1).squaredError;
    expect(Math.abs(powerError(profile, scheme, 0.3, 1, 2, powerTable(2)) / squared - 1)).toBeLessThan(tableError);
    const qparams = { scale: Float32Array.of(0.3), zeroPoint: Int32Array.of(1) };
    const y = fakeQuantize(view(Float32Array.from(profile.centre)), scheme, qparams);
    const brute = profile.weight.reduce((sum, w, j) => sum + w * Math.abs(profile.centre[j]! - y[j]!) ** 2.4, 0);
    const fast = powerError(profile, scheme, Math.fround(0.3), 1, 2.4, powerTable(2.4));
    expect(Math.abs(fast / brute - 1)).toBeLessThan(tableError);
  });
});

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
