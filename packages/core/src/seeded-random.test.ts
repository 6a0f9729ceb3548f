import { describe, expect, it } from 'vitest';
import { seededRandom, xoshiro128 } from './seeded-random';
import { stochasticRounder } from './stochastic-rounding';

describe('seededRandom', () => {
  it('follows the recurrence of xoshiro128**, computed by hand from the state 1, 2, 3, 4', () => {
    // s1·5 = 10, rotl 7 = 1280, ·9 = 11520; then s = (7, 0, 1026, 12288): 0; then s1 = 1029: 5145 << 7 · 9 = 5927040.
    const random = xoshiro128([1, 2, 3, 4]);
    expect([random.nextUint32(), random.nextUint32(), random.nextUint32()]).toEqual([11520, 0, 5927040]);
  });

  it('gives the same stream for the same seed and another for the next', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, () => random.nextUint32());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(0).every((v) => v === 0)).toBe(false);
  });

  it('is uniform in [0, 1): mean 1/2, variance 1/12, every tenth equally filled', () => {
    const random = seededRandom(1);
    const count = 20000;
    const tenths = new Int32Array(10);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const u = random.next();
      tenths[Math.floor(u * 10)]! += 1;
      sum += u;
      squares += u * u;
    }
    // Four standard errors: 4·√(1/12/20000) ≈ 0.0082; a tenth holds 2000 ± 4·42.
    expect(Math.abs(sum / count - 0.5)).toBeLessThan(0.0082);
    expect(Math.abs(squares / count - 1 / 3)).toBeLessThan(0.0085);
    expect([...tenths].every((n) => Math.abs(n - 2000) < 170)).toBe(true);
  });

  it('refuses a seed that is no 32-bit integer', () => {
    expect(() => seededRandom(-1)).toThrow(/integer in \[0, 2\^32\), received -1/);
    expect(() => seededRandom(1.5)).toThrow(/seed/);
  });
});

describe('stochasticRounder', () => {
  it('is unbiased: the mean of many roundings is the number itself', () => {
    const round = stochasticRounder(seededRandom(3));
    for (const x of [0.25, -0.25, 3.9, -7.5]) {
      let sum = 0;
      for (let i = 0; i < 10000; i++) sum += round(x);
      // Four standard errors of a coin: 4·0.5/√10000.
      expect(Math.abs(sum / 10000 - x)).toBeLessThan(0.02);
    }
  });

  it('only ever gives the integer below or above, and keeps integers', () => {
    const round = stochasticRounder(seededRandom(4));
    const seen = new Set(Array.from({ length: 200 }, () => round(-1.5)));
    expect([...seen].sort()).toEqual([-1, -2]);
    expect([0, 5, -3].map(round)).toEqual([0, 5, -3]);
    expect(round(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(round(Number.NaN)).toBeNaN();
  });
});
