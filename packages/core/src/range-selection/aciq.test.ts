import { describe, expect, it } from 'vitest';
import { int4, int8, uint4 } from '../dtype';
import { histogramObserver } from '../observer/histogram';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { randomNormal, randomSource } from '../testing/random-tensor';
import { aciq } from './aciq';

describe('aciq', () => {
  const symmetric4 = linearScheme({ dtype: int4, mapping: 'symmetric', narrowRange: false });
  const normal = (count: number, map: (v: number) => number): Float32Array => {
    const random = randomSource(1);
    return Float32Array.from({ length: count }, () => map(randomNormal(random)));
  };
  const laplace = (count: number): Float32Array => {
    const random = randomSource(2);
    return Float32Array.from({ length: count }, () => Math.log(1 - random()) * (random() < 0.5 ? -1 : 1));
  };
  const statsOf = (data: Float32Array) => {
    const observer = histogramObserver.create();
    observer.observe(view(data));
    return observer.stats();
  };
  /** σ and b of 20 000 samples are known to about 1 %; three of those. */
  const sampling = 0.03;

  it('recognises the distribution and clips at its factor', () => {
    const gauss = aciq().selectRange(statsOf(normal(20_000, (v) => v)), symmetric4);
    expect(Math.abs(gauss.max[0]! / 2.559 - 1)).toBeLessThan(sampling);
    const heavy = aciq().selectRange(statsOf(laplace(20_000)), symmetric4);
    expect(Math.abs(heavy.max[0]! / 5.029 - 1)).toBeLessThan(sampling);
  });

  it('gives data after a ReLU the factor of one more bit', () => {
    const relu = statsOf(normal(40_000, (v) => Math.max(v, 0)));
    const { min, max } = aciq().selectRange(relu, linearScheme({ dtype: uint4 }));
    expect(min[0]).toBe(0);
    expect(Math.abs(max[0]! / 2.936 - 1)).toBeLessThan(sampling);
  });

  it('centres the clip on the mean for asymmetric schemes and on 0 for symmetric ones', () => {
    const shifted = statsOf(normal(20_000, (v) => v + 1));
    const free = aciq({ distribution: 'gauss' }).selectRange(shifted, linearScheme({ dtype: int4 }));
    expect((free.min[0]! + free.max[0]!) / 2).toBeCloseTo(1, 1);
    const fixed = aciq({ distribution: 'gauss' }).selectRange(shifted, symmetric4);
    expect(fixed.min[0]).toBeCloseTo(Math.max(-fixed.max[0]!, shifted.range.min[0]!), 10);
  });

  it('never leaves the observed range', () => {
    const uniform = Float32Array.from({ length: 1000 }, (_, i) => i / 500 - 1);
    const { min, max } = aciq().selectRange(statsOf(uniform), linearScheme({ dtype: int8 }));
    expect([min[0], max[0]]).toEqual([-1, Math.fround(0.998)]);
  });
});
