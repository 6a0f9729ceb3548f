import { describe, expect, it } from 'vitest';
import { ceilLog2, floorLog2, isPowerOfTwo, powerOfTwo, roundLog2 } from './binary-exponent';

describe('binary exponents', () => {
  it('are exact at every power of two of float64, subnormal ones included', () => {
    const exponents = Array.from({ length: 1074 + 1024 }, (_, i) => i - 1074);
    const powers = exponents.map((e) => 2 ** e);
    for (const log of [floorLog2, ceilLog2, roundLog2]) expect(powers.map(log)).toEqual(exponents);
    expect(exponents.map(powerOfTwo)).toEqual(powers);
    expect(powers.every(isPowerOfTwo)).toBe(true);
  });

  it('are exact one step beside a power of two, where Math.log2 rounds to it', () => {
    for (const e of [-300, -20, 3, 29, 500]) {
      const above = 2 ** e * (1 + Number.EPSILON);
      const below = 2 ** e * (1 - Number.EPSILON / 2);
      expect([floorLog2(above), ceilLog2(above)]).toEqual([e, e + 1]);
      expect([floorLog2(below), ceilLog2(below)]).toEqual([e - 1, e]);
      expect([isPowerOfTwo(above), isPowerOfTwo(below)]).toEqual([false, false]);
    }
  });

  it('round at √2', () => {
    // biome-ignore lint/suspicious/noApproximativeNumericConstant: a number just below √2
    expect([roundLog2(1.4142), roundLog2(1.4143), roundLog2(0.7), roundLog2(0.71)]).toEqual([0, 1, -1, 0]);
  });

  it('say −Infinity for 0', () => {
    expect([floorLog2(0), ceilLog2(0)]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it('know that zero, negative and infinite numbers are no powers of two', () => {
    expect([0, -2, Number.POSITIVE_INFINITY, Number.NaN].map(isPowerOfTwo)).toEqual([false, false, false, false]);
  });
});
