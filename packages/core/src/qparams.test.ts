import { describe, expect, it } from 'vitest';
import { int4, int8, intDType, uint8 } from './dtype';
import { perGroup } from './granularity';
import { int8Weight, uint8Activation } from './presets';
import { assertQParams, chooseQParams, representableRange } from './qparams';
import { makeRange } from './range';
import { linearScheme, withScheme } from './scheme';

describe('chooseQParams', () => {
  it('computes the worked example of ONNX DynamicQuantizeLinear', () => {
    // x in [-1, 3]: scale = 4/255, zeroPoint = round(0 − (−1)/(4/255)) = round(63.75) = 64
    const { scale, zeroPoint } = chooseQParams(makeRange(-1, 3), uint8Activation);
    expect(scale[0]).toBe(Math.fround(4 / 255));
    expect(zeroPoint[0]).toBe(64);
  });

  it('widens a one-signed range to include 0', () => {
    const { scale, zeroPoint } = chooseQParams(makeRange(2, 5.1), uint8Activation);
    expect(scale[0]).toBe(Math.fround(5.1 / 255));
    expect(zeroPoint[0]).toBe(0);
  });

  it('divides absmax by qmax for symmetric signed schemes, or by half the span when asked', () => {
    expect(chooseQParams(makeRange(-2.54, 1), int8Weight).scale[0]).toBe(Math.fround(2.54 / 127));
    const torch = linearScheme({ dtype: int8, mapping: 'symmetric', divisor: 'halfSpan' });
    expect(chooseQParams(makeRange(-2.55, 1), torch).scale[0]).toBe(Math.fround(2.55 / 127.5));
  });

  it('puts the zero of an unsigned symmetric scheme at the midpoint or at code 0', () => {
    const midpoint = chooseQParams(makeRange(-1, 1), linearScheme({ dtype: uint8, mapping: 'symmetric' }));
    expect([...midpoint.zeroPoint]).toEqual([128]);
    const zero = chooseQParams(
      makeRange(0, 1),
      linearScheme({ dtype: uint8, mapping: 'symmetric', unsignedZero: 'zero' }),
    );
    expect([...zero.zeroPoint, ...zero.scale]).toEqual([0, Math.fround(1 / 255)]);
  });

  it('gives a degenerate range scale 1 and says so', () => {
    const chosen = chooseQParams(makeRange([0, -1], [0, 1]), int8Weight);
    expect(chosen.degenerate).toEqual([0]);
    expect(chosen.scale[0]).toBe(1);
  });

  it('rounds a power-of-two scale up, so that nothing is clipped', () => {
    const scheme = linearScheme({ dtype: int8, mapping: 'symmetric', scaleForm: 'powerOfTwo' });
    const chosen = chooseQParams(makeRange(-1, 0.7), scheme);
    expect(chosen.scale[0]).toBe(2 ** -6);
    expect(representableRange(chosen, scheme).max[0]).toBeGreaterThanOrEqual(1);
  });

  it('gives a degenerate asymmetric range the code nearest to 0, a symmetric one its usual zero point', () => {
    const zero = makeRange(0, 0);
    expect([...chooseQParams(zero, linearScheme({ dtype: int8 })).zeroPoint]).toEqual([0]);
    expect([...chooseQParams(zero, linearScheme({ dtype: uint8, qmin: 4 })).zeroPoint]).toEqual([4]);
    expect([...chooseQParams(zero, linearScheme({ dtype: uint8, mapping: 'symmetric' })).zeroPoint]).toEqual([128]);
  });

  it('calls a range degenerate exactly when its unrounded scale is below the smallest normal float32', () => {
    const scheme = linearScheme({ dtype: intDType(1, false) });
    expect(chooseQParams(makeRange(0, 2 ** -126), scheme).degenerate).toEqual([]);
    expect(chooseQParams(makeRange(0, 2 ** -126 * (1 - 2 ** -20)), scheme).degenerate).toEqual([0]);
  });

  it('is not confused by a scale of exactly 1', () => {
    expect([...chooseQParams(makeRange(0, 255), linearScheme({ dtype: int8 })).zeroPoint]).toEqual([-128]);
  });

  it('refuses a range that no finite float32 scale can cover', () => {
    expect(() => chooseQParams(makeRange(-1e300, 1), uint8Activation)).toThrow(
      /finite float32, received \[-1e\+300, 1\]/,
    );
    expect(() => chooseQParams(makeRange(-3e38, 3e38), uint8Activation)).toThrow(/finite float32/);
  });

  it('computes the zero point of a group with its stored scale', () => {
    // 5.5/scale is a tie only with the unrounded scale 15/15·0.1: fround(0.1) > 0.1 moves it below.
    const scheme = linearScheme({ dtype: int4, granularity: perGroup(0, 4) });
    const [min, max] = [-0.55, 0.95].map(Math.fround) as [number, number];
    const scale = Math.fround(Math.fround(max - min) / 15);
    const expected = Math.min(Math.max(Math.round(-8 - min / scale - 1e-12), -8), 7);
    expect([...chooseQParams(makeRange(min, max), scheme).zeroPoint]).toEqual([expected]);
  });
});

describe('assertQParams', () => {
  const qparams = (scale: number, zeroPoint: number) => ({
    scale: Float32Array.of(scale),
    zeroPoint: Int32Array.of(zeroPoint),
  });

  it.each([
    ['a scale of 0', qparams(0, 0), uint8Activation, /positive finite scale, received 0/],
    ['an infinite scale', qparams(Number.POSITIVE_INFINITY, 0), uint8Activation, /positive finite scale/],
    ['a zero point outside the codes', qparams(1, 256), uint8Activation, /within \[0, 255\], received 256/],
    ['a zero point in a symmetric scheme', qparams(1, 1), int8Weight, /zero point 0 \(symmetric\)/],
    [
      'a scale that is no power of two',
      qparams(0.3, 0),
      withScheme(int8Weight, { scaleForm: 'powerOfTwo' }),
      /power-of-two/,
    ],
    [
      'more zero points than scales',
      { scale: Float32Array.of(1), zeroPoint: new Int32Array(2) },
      int8Weight,
      /1 zero points/,
    ],
  ])('refuses %s and says where', (_, params, scheme, message) => {
    expect(() => assertQParams(params, scheme, 'tensor "w"')).toThrow(message);
    expect(() => assertQParams(params, scheme, 'tensor "w"')).toThrow(/tensor "w"/);
  });
});
