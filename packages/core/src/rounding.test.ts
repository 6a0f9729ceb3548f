import { describe, expect, it } from 'vitest';
import { type RoundingMode, rounder } from './rounding';

const ties = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5];

/** −0 compares as 0 here: codes have no sign of zero. */
function rounded(mode: RoundingMode, values: readonly number[]): number[] {
  return values.map((v) => rounder(mode)(v) + 0);
}

describe('rounder', () => {
  it.each<[RoundingMode, number[]]>([
    ['halfEven', [-2, -2, 0, 0, 2, 2]],
    ['halfAway', [-3, -2, -1, 1, 2, 3]],
    ['halfUp', [-2, -1, 0, 1, 2, 3]],
    ['halfDown', [-3, -2, -1, 0, 1, 2]],
    ['halfTowardZero', [-2, -1, 0, 0, 1, 2]],
    ['halfEvenNegativeUp', [-2, -1, 0, 0, 2, 2]],
    ['floor', [-3, -2, -1, 0, 1, 2]],
    ['ceil', [-2, -1, 0, 1, 2, 3]],
  ])('%s sends ties where its name says', (mode, expected) => {
    expect(rounded(mode, ties)).toEqual(expected);
  });

  const nearest: RoundingMode[] = [
    'halfEven',
    'halfAway',
    'halfUp',
    'halfDown',
    'halfTowardZero',
    'halfEvenNegativeUp',
  ];

  it.each(nearest)('%s goes to the nearest integer next to a tie, where adding 0.5 would not', (mode) => {
    // 0.49999999999999994 + 0.5 is 1 in float64.
    expect(rounded(mode, [0.49999999999999994, 0.5000000000000001])).toEqual([0, 1]);
    expect(rounded(mode, [-0.49999999999999994, -0.5000000000000001])).toEqual([0, -1]);
  });

  it.each(nearest)('%s keeps large integers, infinities and NaN', (mode) => {
    // Above 2^52 every float64 is an integer, but x + 0.5 is not exact.
    const large = [
      2 ** 52 + 1,
      2 ** 53 - 1,
      -(2 ** 52) - 1,
      2 ** 60,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    expect(rounded(mode, large)).toEqual(large);
    expect(rounder(mode)(Number.NaN)).toBeNaN();
  });

  it.each(nearest)('%s is exact on half-integers up to 2^51', (mode) => {
    const tie = 2 ** 51 + 0.5;
    expect(Math.abs(rounder(mode)(tie) - tie)).toBe(0.5);
    expect(rounder(mode)(2 ** 51 + 1)).toBe(2 ** 51 + 1);
  });
});
