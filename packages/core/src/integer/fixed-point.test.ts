import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random';
import {
  fixedPointMultiplier,
  multiplyOnce,
  multiplyTwice,
  roundingDivideByPowerOfTwo,
  saturatingRoundingDoublingHighMul,
} from './fixed-point';

const min = -(2 ** 31);
const max = 2 ** 31 - 1;
const edges = [0, 1, -1, 2, -2, 3, -3, 2 ** 30, -(2 ** 30), 2 ** 30 + 1, max, max - 1, min, min + 1, 12345, -12345];

/** gemmlowp's code, statement by statement in 64-bit integers: sign-dependent nudge and truncating division. */
function gemmlowpHighMul(a: number, b: number): number {
  if (a === b && a === min) return max;
  const product = BigInt(a) * BigInt(b);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return Number((product + nudge) / (1n << 31n));
}

/** gemmlowp's code: mask, remainder, threshold. */
function gemmlowpDivide(x: number, exponent: number): number {
  const mask = (1n << BigInt(exponent)) - 1n;
  const remainder = BigInt(x) & mask;
  const threshold = (mask >> 1n) + (x < 0 ? 1n : 0n);
  return Number((BigInt(x) >> BigInt(exponent)) + (remainder > threshold ? 1n : 0n));
}

function randomInt32(random: ReturnType<typeof seededRandom>): number {
  return random.nextUint32() | 0;
}

describe('saturatingRoundingDoublingHighMul', () => {
  it('equals gemmlowp on every pair of edge values', () => {
    for (const a of edges) {
      for (const b of edges)
        expect(saturatingRoundingDoublingHighMul(a, b) + 0, `${a}·${b}`).toBe(gemmlowpHighMul(a, b));
    }
  });

  it('equals gemmlowp on random pairs', () => {
    const random = seededRandom(11);
    for (let i = 0; i < 20000; i++) {
      const a = randomInt32(random);
      const b = randomInt32(random);
      if (saturatingRoundingDoublingHighMul(a, b) !== gemmlowpHighMul(a, b)) expect.fail(`${a}·${b}`);
    }
  });

  it('sends ties toward +∞', () => {
    // ±3·2^30 / 2^31 = ±1.5
    expect([saturatingRoundingDoublingHighMul(3, 2 ** 30), saturatingRoundingDoublingHighMul(-3, 2 ** 30)]).toEqual([
      2, -1,
    ]);
  });
});

describe('roundingDivideByPowerOfTwo', () => {
  it('equals gemmlowp on edge and random values for every exponent', () => {
    const random = seededRandom(12);
    for (let exponent = 0; exponent <= 31; exponent++) {
      const values = [...edges, ...Array.from({ length: 200 }, () => randomInt32(random))];
      expect(values.map((x) => roundingDivideByPowerOfTwo(x, exponent))).toEqual(
        values.map((x) => gemmlowpDivide(x, exponent)),
      );
    }
  });

  it('sends ties away from zero', () => {
    expect([3, -3, 1, -1].map((x) => roundingDivideByPowerOfTwo(x, 1))).toEqual([2, -2, 1, -1]);
  });
});

describe('fixedPointMultiplier', () => {
  it('is M0·2^31 with M0 in [1/2, 1)', () => {
    expect(fixedPointMultiplier(0.5)).toEqual({ multiplier: 2 ** 30, exponent: 0 });
    expect(fixedPointMultiplier(1)).toEqual({ multiplier: 2 ** 30, exponent: 1 });
    expect(fixedPointMultiplier(0.75 / 8)).toEqual({ multiplier: 0.75 * 2 ** 31, exponent: -3 });
  });

  it('carries a multiplier that rounds up to 2^31 into the exponent', () => {
    expect(fixedPointMultiplier(1 - 2 ** -40)).toEqual({ multiplier: 2 ** 30, exponent: 1 });
  });

  it('is 0 below 2^-32, and refuses what is no multiplier', () => {
    expect(fixedPointMultiplier(2 ** -33).multiplier).toBe(0);
    expect(fixedPointMultiplier(2 ** -32)).toEqual({ multiplier: 2 ** 30, exponent: -31 });
    for (const bad of [0, -1, 2 ** 13, Number.NaN])
      expect(() => fixedPointMultiplier(bad)).toThrow(/within \(0, 2\^13\)/);
  });
});

describe('multiplyTwice and multiplyOnce', () => {
  it('are within one of the exact product for multipliers below 1, once rounded exactly to the nearest', () => {
    const random = seededRandom(13);
    for (let i = 0; i < 5000; i++) {
      const acc = randomInt32(random) >> (i % 16);
      const real = 2 ** -Math.floor(random.next() * 20) * (0.5 + 0.49 * random.next());
      const fixed = fixedPointMultiplier(real);
      const exact = (BigInt(acc) * BigInt(fixed.multiplier) * 2n) >> BigInt(31 - fixed.exponent);
      const once = Number((exact + 1n) >> 1n);
      if (multiplyOnce(acc, fixed) !== once) expect.fail(`${acc} · ${real}`);
      if (Math.abs(multiplyTwice(acc, fixed) - once) > 1) expect.fail(`${acc} · ${real}`);
    }
  });

  it('differ where rounding twice moves a tie: 10.4999 → 10.5 → 11', () => {
    // M = 2^-4·(1 − 2^-30): acc = 168 gives 10.49999999; SRDHM first rounds 168·(1 − 2^-30) to 168, then 168/16 = 10.5 → 11.
    const fixed = fixedPointMultiplier(2 ** -4 * (1 - 2 ** -30));
    expect([multiplyTwice(168, fixed), multiplyOnce(168, fixed)]).toEqual([11, 10]);
  });

  it('saturate where a multiplier above 1 leaves int32', () => {
    const fixed = fixedPointMultiplier(100);
    expect([multiplyTwice(max, fixed), multiplyOnce(max, fixed)]).toEqual([Math.round(0.78125 * max), max]);
    expect(multiplyOnce(min, fixed)).toBe(min);
  });
});
