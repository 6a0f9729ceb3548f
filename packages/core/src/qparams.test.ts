import { describe, expect, it } from 'vitest';
import { int8, uint8 } from './dtype';
import { int8Weight, uint8Activation } from './presets';
import { chooseQParams, representableRange } from './qparams';
import { makeRange } from './range';
import { linearScheme } from './scheme';

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
});
