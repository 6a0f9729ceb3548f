import { describe, expect, it } from 'vitest';
import { uint8 } from '../dtype';
import { perAxis, perTensor } from '../granularity';
import { requantizationMultiplier, requantize } from './requantize';

const base = { granularity: perTensor, zeroPoint: 10, qmin: uint8.qmin, qmax: uint8.qmax };

describe('requantize', () => {
  it('rounds ties by method: to even, away after doubling up, up', () => {
    // acc·M = −2.5, −1.5, 1.5, 2.5 with M = 1/2.
    const call = { ...base, acc: Int32Array.of(-5, -3, 3, 5), shape: [4], multiplier: Float32Array.of(0.5) };
    expect([...requantize(call, new Uint8Array(4))]).toEqual([8, 8, 12, 12]);
    // SRDHM(acc, 2^30) is acc/2 with ties toward +∞, and there is nothing left to shift.
    expect([...requantize({ ...call, method: 'fixedPointTwice' }, new Uint8Array(4))]).toEqual([8, 9, 12, 13]);
    expect([...requantize({ ...call, method: 'fixedPointOnce' }, new Uint8Array(4))]).toEqual([8, 9, 12, 13]);
    // M = 1/4: SRDHM gives −5, 5 halves exactly; RDBPOT sends −2.5 and 2.5 away from zero.
    const quarter = { ...call, acc: Int32Array.of(-10, 10, 6, -6), multiplier: Float32Array.of(0.25) };
    expect([...requantize({ ...quarter, method: 'fixedPointTwice' }, new Uint8Array(4))]).toEqual([7, 13, 12, 8]);
  });

  it('takes one multiplier per output channel and saturates to the codes of the output', () => {
    const call = {
      ...base,
      acc: Int32Array.of(100, 1000, 100, -1000),
      shape: [1, 2, 2],
      granularity: perAxis(1),
      multiplier: Float32Array.of(1, 0.1),
      zeroPoint: 3,
      qmin: 3,
    };
    expect([...requantize(call, new Uint8Array(4))]).toEqual([103, 255, 13, 3]);
  });

  it('loses the low bits of accumulators above 2^24, as a CPU does', () => {
    const call = { ...base, acc: Int32Array.of(2 ** 24 + 1), shape: [1], multiplier: Float32Array.of(2 ** -20) };
    expect([...requantize(call, new Uint8Array(1))]).toEqual([26]);
    expect(Math.fround(2 ** 24 + 1)).toBe(2 ** 24);
  });

  it('multiplies scales in float32, in the order of onnxruntime', () => {
    const [sx, sw, sy] = [0.1, 0.3, 0.7].map(Math.fround) as [number, number, number];
    expect([...requantizationMultiplier(sx, Float32Array.of(sw), sy)]).toEqual([
      Math.fround(Math.fround(sx * sw) / sy),
    ]);
  });

  it('refuses lengths that do not fit and arrays that cannot hold the codes', () => {
    const call = { ...base, acc: new Int32Array(2), shape: [2], multiplier: Float32Array.of(1) };
    expect(() => requantize(call, new Uint8Array(3))).toThrow(/2 in, 3 out/);
    expect(() => requantize(call, new Int8Array(2))).toThrow(/codes \[0, 255\], received Int8Array/);
    expect(() => requantize({ ...call, granularity: perAxis(0) }, new Uint8Array(2))).toThrow(/multiplier of length 2/);
    expect(() =>
      requantize({ ...call, multiplier: Float32Array.of(0), method: 'fixedPointOnce' }, new Uint8Array(2)),
    ).toThrow(/within \(0, 2\^13\)/);
  });
});
