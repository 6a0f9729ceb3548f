import { describe, expect, it } from 'vitest';
import { int8, uint8 } from './dtype';
import { perAxis } from './granularity';
import { chooseMinMaxFloorQParams, choosePowerOfTwoQParams, fractionLength } from './power-of-two';
import { chooseQParams } from './qparams';
import { fakeQuantize } from './quantize';
import { makeRange } from './range';
import { linearScheme } from './scheme';
import { view } from './tensor-view';

const fixedPoint = linearScheme({ dtype: int8, mapping: 'symmetric', scaleForm: 'powerOfTwo' });
const lengthOf = (range: [number, number], rule: Parameters<typeof choosePowerOfTwoQParams>[2]) =>
  fractionLength(choosePowerOfTwoQParams(makeRange(...range), fixedPoint, rule).scale[0]!);

describe('choosePowerOfTwoQParams', () => {
  it('differs by convention for an absmax that is a power of two', () => {
    // absmax 1: 1/127 rounds up to 2^-6 and to the nearest 2^-7; il = 0 + 1, f = 8 − 1 = 7 clips 1 to 127/128.
    expect(lengthOf([-1, 1], 'coverRange')).toBe(6);
    expect(lengthOf([-1, 1], 'nearest')).toBe(7);
    expect(lengthOf([-1, 1], 'ristretto')).toBe(7);
  });

  it('agrees where a power of two covers the range well', () => {
    // absmax 0.9: 0.9/127 = 0.00709 ≤ 2^-7 = 0.0078; il = ⌈−0.15⌉ + 1 = 1.
    for (const rule of ['coverRange', 'nearest', 'ristretto'] as const) expect(lengthOf([-0.9, 0.3], rule)).toBe(7);
  });

  it('gives unsigned types the bit that the sign would take', () => {
    const scheme = linearScheme({ dtype: uint8, mapping: 'symmetric', unsignedZero: 'zero', scaleForm: 'powerOfTwo' });
    expect(choosePowerOfTwoQParams(makeRange(0, 1), scheme, 'ristretto').scale[0]).toBe(2 ** -8);
  });

  it('is exact just above a power of two, where a logarithm would round', () => {
    const max = Math.fround(127 * 2 ** -7 * (1 + 2 ** -23));
    expect(lengthOf([0, max], 'coverRange')).toBe(6);
    expect(lengthOf([0, 127 * 2 ** -7], 'coverRange')).toBe(7);
    expect(lengthOf([0, 127 * 2 ** -7], 'coverRange')).toBe(
      fractionLength(chooseQParams(makeRange(0, 127 * 2 ** -7), fixedPoint).scale[0]!),
    );
  });

  it('refuses a scheme with free scales, and calls an all-zero range degenerate', () => {
    expect(() => choosePowerOfTwoQParams(makeRange(0, 1), linearScheme({ dtype: int8 }), 'nearest')).toThrow(
      /powerOfTwo/,
    );
    expect(choosePowerOfTwoQParams(makeRange(0, 0), fixedPoint, 'ristretto')).toMatchObject({ degenerate: [0] });
  });
});

describe('chooseMinMaxFloorQParams', () => {
  it('takes f0 = ⌊log2(1/r)⌋ when only one length is tried', () => {
    // r = max(−1/−128, 1/127) = 1/127: f0 = ⌊log2 127⌋ = 6.
    const { scale } = chooseMinMaxFloorQParams(view([-1, 0.3, 1]), fixedPoint, { candidates: 1 });
    expect(scale[0]).toBe(2 ** -6);
  });

  it('finds the length with the smallest squared error of all tried', () => {
    const data = Array.from({ length: 400 }, (_, i) => Math.sin(i) * 0.11);
    data.push(0.93);
    const x = view(data);
    const best = chooseMinMaxFloorQParams(x, fixedPoint);
    const errorOf = (f: number) => {
      const onGrid = fakeQuantize(x, fixedPoint, { scale: Float32Array.of(2 ** -f), zeroPoint: Int32Array.of(0) });
      return onGrid.reduce((sum, v, i) => sum + (v - x.data[i]!) ** 2, 0);
    };
    const lengths = [7, 8, 9, 10, 11];
    const expected = lengths.reduce((a, b) => (errorOf(b) < errorOf(a) ? b : a));
    expect(fractionLength(best.scale[0]!)).toBe(expected);
  });

  it('starts at 0 for tiny tensors, never exceeds 12, and works per axis', () => {
    const scheme = linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      scaleForm: 'powerOfTwo',
      granularity: perAxis(0),
    });
    const { scale } = chooseMinMaxFloorQParams(view([1e-9, 0.011, 1], [3, 1]), scheme);
    expect(scale[0]).toBeGreaterThanOrEqual(2 ** -4);
    expect([...scale].every((s) => s >= 2 ** -12)).toBe(true);
  });

  it('refuses what it is not defined for', () => {
    const asymmetric = linearScheme({ dtype: int8, scaleForm: 'powerOfTwo' });
    expect(() => chooseMinMaxFloorQParams(view([1]), asymmetric)).toThrow(/a symmetric scheme/);
    expect(() => chooseMinMaxFloorQParams(view([1]), fixedPoint, { candidates: 0 })).toThrow(/candidates ≥ 1/);
  });
});
