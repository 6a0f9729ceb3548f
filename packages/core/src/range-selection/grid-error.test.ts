import { describe, expect, it } from 'vitest';
import { int4, int8, uint8 } from '../dtype';
import { histogramObserver } from '../observer/histogram';
import { fakeQuantize } from '../quantize';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { distributions, randomData, randomInteger, randomSource } from '../testing/random-tensor';
import { gridSums, powerError, powerTable, profileOf } from './grid-error';

const statsOf = (data: Float32Array) => {
  const observer = histogramObserver.create();
  observer.observe(view(data));
  return observer.stats();
};

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
