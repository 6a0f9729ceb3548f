import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addValues, drain, emptySlots, emptySums, ratioToNumber } from './exact-sum';

const float = fc.float({ noNaN: true, noDefaultInfinity: true });

/** A float32 as an integer count of 2^−149. */
function units(value: number): bigint {
  let scaled = value;
  let shift = 0n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    shift++;
  }
  return BigInt(scaled) << (149n - shift);
}

describe('addValues', () => {
  it('sums values and squares of any float32 without rounding', () => {
    fc.assert(
      fc.property(fc.array(float, { maxLength: 30 }), (values) => {
        const data = Float32Array.from(values);
        const slots = emptySlots(true);
        const sums = emptySums();
        addValues(slots, sums, data);
        drain(slots, sums);
        const exact = [...data].map(units);
        expect(sums.positive).toBe(exact.reduce((sum, v) => (v > 0n ? sum + v : sum), 0n));
        expect(sums.negative).toBe(exact.reduce((sum, v) => (v < 0n ? sum - v : sum), 0n));
        expect(sums.squares).toBe(exact.reduce((sum, v) => sum + v * v, 0n));
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

describe('ratioToNumber', () => {
  it('rounds a quotient once, like a division of two exact doubles', () => {
    const integer = fc.integer({ min: -(2 ** 31), max: 2 ** 31 });
    fc.assert(
      fc.property(integer, fc.integer({ min: 1, max: 2 ** 31 }), (n, d) => {
        expect(ratioToNumber(BigInt(n), BigInt(d), 0)).toBe(n / d + 0);
      }),
      { seed: 4 },
    );
  });

  it('reaches results whose factor 2^exponent alone would overflow or underflow', () => {
    expect(ratioToNumber(1n << 1200n, 1n, -1200)).toBe(1);
    expect(ratioToNumber(3n, 1n << 900n, 900)).toBe(3);
  });
});
