import { describe, expect, it } from 'vitest';
import { halfToNumber, numberToHalf } from './half-float';

describe('half floats', () => {
  it('survive the way to a number and back, all 65,536 of them', () => {
    for (let bits = 0; bits < 65_536; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) expect(numberToHalf(value) & 0x7e00).toBe(0x7e00);
      else if (numberToHalf(value) !== bits) throw new Error(`${bits} became ${numberToHalf(value)}`);
    }
  });

  it('round to nearest, ties to even', () => {
    const cases: [number, number][] = [
      [1, 0x3c00],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [65_519, 0x7bff],
      [65_520, 0x7c00],
      [2 ** -25, 0],
      [2 ** -25 * 1.5, 1],
      [-0.1, 0xae66],
    ];
    for (const [value, bits] of cases) expect(numberToHalf(value)).toBe(bits);
  });
});
