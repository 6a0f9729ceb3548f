import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { apotFormat, apotMagnitudes, apotScheme, apotTerms } from './apot';

const power = (...exponents: number[]) => [0, ...exponents.map((e) => 2 ** -e)];

describe('apotTerms', () => {
  it.each([
    [1, [power(1)]],
    [2, [power(1, 2, 3)]],
    [3, [power(1, 2, 4), power(3)]],
    [4, [power(1, 3, 5), power(2, 4, 6)]],
    [5, [power(1, 3, 6), power(2, 4, 7), power(5)]],
    [6, [power(1, 4, 7), power(2, 5, 8), power(3, 6, 9)]],
  ])('deals the exponents of the published tables: %i bits', (bits, terms) => {
    expect(apotTerms(bits)).toEqual(terms);
  });
});

describe('apotMagnitudes', () => {
  it('are 2^m different levels from 0 to 1', () => {
    for (let bits = 1; bits <= 8; bits++) {
      const levels = apotMagnitudes(bits);
      expect(new Set(levels).size).toBe(2 ** bits);
      expect([levels[0], levels[levels.length - 1]]).toEqual([0, 1]);
    }
  });

  it('are sums of their terms over the largest sum', () => {
    // 3 bits: {0, 1/2, 1/4, 1/16} + {0, 1/8}, largest 5/8.
    expect([...apotMagnitudes(3)].map((v) => Math.round(v * 10))).toEqual([0, 1, 2, 3, 4, 6, 8, 10]);
  });
});

describe('apotFormat', () => {
  it('is ternary for two signed bits and uniform nowhere else', () => {
    const scheme = apotScheme({ bits: 2 });
    const x = view([-2, -0.5, -0.49, 0, 0.49, 0.5, 2]);
    expect([...apotFormat.quantize(x, scheme, { scale: Float32Array.of(1) })]).toEqual([-1, -1, 0, 0, 0, 1, 1]);
  });

  it('takes the nearest level of all, ties away from 0', () => {
    const scheme = apotScheme({ bits: 4 });
    const levels = [...apotMagnitudes(3)].flatMap((v) => [v, -v]);
    const scale = Float32Array.of(0.7);
    for (let x = -0.8; x <= 0.8; x += 0.0137) {
      const [onGrid] = apotFormat.fakeQuantize(view([x]), scheme, { scale });
      const nearest = Math.min(...levels.map((level) => Math.abs(level * scale[0]! - Math.fround(x))));
      expect(Math.abs(onGrid! - Math.fround(x))).toBeCloseTo(nearest, 6);
    }
  });

  it('chooses absmax as scale', () => {
    expect([...apotFormat.chooseParams(view([0.5, -2, 1]), apotScheme({ bits: 4 })).scale]).toEqual([2]);
  });
});
