import { describe, expect, it } from 'vitest';
import { erf, erfc } from './error-function';

describe('erf', () => {
  it.each([
    [0.5, 0.520499877813047],
    [1, 0.842700792949715],
    [-1, -0.842700792949715],
    [2, 0.995322265018953],
    [-3, -0.999977909503001],
    [1e-12, 1.1283791670955126e-12],
  ])('erf(%d) = %d', (x, expected) => {
    const printedDigits = 1e-14;
    expect(Math.abs(erf(x) / expected - 1)).toBeLessThan(printedDigits * 2);
  });

  it('is exact at zero and at infinity', () => {
    expect([0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(erf)).toEqual([0, -0, 1, -1]);
    expect(erf(Number.NaN)).toBeNaN();
  });
});

describe('erfc', () => {
  // Values of Abramowitz and Stegun table 7.1 and of arbitrary-precision tables.
  it.each([
    [0, 1],
    [0.5, 0.479500122186953],
    [1, 0.157299207050285],
    [2, 0.00467773498104727],
    [3, 2.20904969985854e-5],
    [5, 1.53745979442803e-12],
    [10, 2.08848758376254e-45],
    [-1, 1.842700792949715],
  ])('erfc(%d) = %d', (x, expected) => {
    const printedDigits = 1e-14;
    expect(Math.abs(erfc(x) / expected - 1)).toBeLessThan(printedDigits * 2);
  });

  it('has no jump where the series hands over to the continued fraction', () => {
    const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-4);
    const gap = erfc(2 - 1e-9) - erfc(2 + 1e-9);
    expect(Math.abs(gap - 2e-9 * slope)).toBeLessThan(1e-14);
  });
});
