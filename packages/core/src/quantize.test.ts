import { describe, expect, it } from 'vitest';
import { int8, uint8, uint16 } from './dtype';
import { perAxis, perGroup } from './granularity';
import { int8Weight, uint8Activation } from './presets';
import { dequantize, fakeQuantize, quantize } from './quantize';
import { linearScheme, withScheme } from './scheme';
import { seededRandom } from './seeded-random';
import { stochasticRounder } from './stochastic-rounding';
import { view } from './tensor-view';

const unit = { scale: Float32Array.of(1), zeroPoint: Int32Array.of(0) };

describe('quantize', () => {
  it('rounds ties to even before it adds the zero point', () => {
    // With zeroPoint 3: −2.5 → −2 + 3, −0.5 → 0 + 3, 0.5 → 0 + 3, 1.5 → 2 + 3.
    const scheme = linearScheme({ dtype: int8 });
    const codes = quantize(view([-2.5, -0.5, 0.5, 1.5]), scheme, { ...unit, zeroPoint: Int32Array.of(3) });
    expect([...codes]).toEqual([1, 3, 3, 5]);
  });

  it('rounds as the scheme says, or as the caller says', () => {
    const x = view([0.5, 1.5, -0.5]);
    expect([...quantize(x, withScheme(int8Weight, { rounding: 'halfAway' }), unit)]).toEqual([1, 2, -1]);
    expect([...quantize(x, int8Weight, unit, undefined, Math.floor)]).toEqual([0, 1, -1]);
    const draws = Array.from({ length: 50 }, () => 0.5);
    const stochastic = quantize(view(draws), int8Weight, unit, undefined, stochasticRounder(seededRandom(5)));
    expect([...new Set(stochastic)].sort()).toEqual([0, 1]);
  });

  it('divides in float32, and never multiplies by a reciprocal', () => {
    // 12.5·fround(0.3) is a tie for the float32 division; times the float32 reciprocal it would be 12.500001, hence 13.
    const scale = Math.fround(0.3);
    const x = Math.fround(12.5 * scale);
    expect(Math.fround(x * Math.fround(1 / scale))).toBeGreaterThan(12.5);
    expect([...quantize(view([x]), int8Weight, { ...unit, scale: Float32Array.of(scale) })]).toEqual([12]);
  });

  it('saturates, infinities included, and gives NaN the lowest code', () => {
    const x = view([300, -300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
    expect([...quantize(x, int8Weight, unit)]).toEqual([127, -127, 127, -127, -127]);
    expect([...quantize(x, uint8Activation, unit)]).toEqual([255, 0, 255, 0, 0]);
  });

  it('takes one scale per index of an axis or per block', () => {
    const scale = Float32Array.of(1, 2);
    const qparams = { scale, zeroPoint: Int32Array.of(0, 1) };
    const x = view([2, 2, 4, 4], [2, 2]);
    expect([...quantize(x, linearScheme({ dtype: int8, granularity: perAxis(0) }), qparams)]).toEqual([2, 2, 3, 3]);
    expect([...quantize(x, linearScheme({ dtype: int8, granularity: perAxis(1) }), qparams)]).toEqual([2, 2, 4, 3]);
    expect([...quantize(x, linearScheme({ dtype: int8, granularity: perGroup(0, 2) }), qparams)]).toEqual([2, 2, 4, 3]);
  });

  it('writes into the array it is given and refuses one that cannot hold the codes', () => {
    const out = new Int16Array(2);
    expect(quantize(view([5, -5]), int8Weight, unit, out)).toBe(out);
    expect([...out]).toEqual([5, -5]);
    expect(() => quantize(view([5]), linearScheme({ dtype: uint8 }), unit, new Int8Array(1))).toThrow(
      /codes \[0, 255\], received Int8Array/,
    );
    expect(() => quantize(view([5]), linearScheme({ dtype: uint16 }), unit, new Uint8Array(1))).toThrow(/Uint8Array/);
  });

  it('takes empty tensors', () => {
    expect(quantize(view([], [0, 3]), int8Weight, unit)).toEqual(new Int8Array(0));
  });

  it('names the lengths that do not fit', () => {
    const scheme = linearScheme({ dtype: int8, granularity: perAxis(0) });
    expect(() => quantize(view([1, 2], [2, 1]), scheme, unit)).toThrow(
      'scale of length 2 (perAxis of shape [2,1]), received length 1',
    );
    expect(() => quantize(view([1, 2]), int8Weight, unit, new Int8Array(3))).toThrow(/2 in, 3 out/);
    expect(() => dequantize([1, 2, 3], [2], int8Weight, unit)).toThrow(/2 elements for shape \[2\], received 3/);
  });
});

describe('fakeQuantize', () => {
  it('is dequantize after quantize, for every rounding and with a zero point', () => {
    const x = view(Array.from({ length: 101 }, (_, i) => (i - 50) / 4));
    const qparams = { scale: Float32Array.of(0.5), zeroPoint: Int32Array.of(7) };
    for (const rounding of ['halfEven', 'halfAway', 'halfUp', 'floor', 'ceil'] as const) {
      const scheme = linearScheme({ dtype: int8, rounding });
      const codes = quantize(x, scheme, qparams);
      expect(fakeQuantize(x, scheme, qparams)).toEqual(dequantize(codes, x.shape, scheme, qparams));
    }
  });
});
