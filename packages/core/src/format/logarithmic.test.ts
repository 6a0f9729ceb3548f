import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { chooseLogarithmicParams, logarithmicFormat, logarithmicScheme } from './logarithmic';

const scale1 = { scale: Float32Array.of(1) };

describe('logarithmicFormat', () => {
  it('has powers of two with sign and zero as levels', () => {
    // 4 bits: M = 2^3 − 1 = 7 exponents −6…0; code = sign·(e + 7).
    const scheme = logarithmicScheme({ bits: 4 });
    const codes = [-7, -6, -1, 0, 1, 6, 7];
    const real = logarithmicFormat.dequantize(codes, [7], scheme, scale1);
    expect([...real]).toEqual([-1, -0.5, -1 / 64, 0, 1 / 64, 0.5, 1]);
    expect(() => logarithmicFormat.dequantize([8], [1], scheme, scale1)).toThrow(/codes -7 to 7, received 8/);
  });

  it('puts linear thresholds half-way between levels, ties away from 0', () => {
    const scheme = logarithmicScheme({ bits: 3 });
    // Levels 0.25, 0.5, 1; thresholds 0.125, 0.375, 0.75.
    const x = view([0.75, 0.7499, 0.375, 0.3749, 0.125, 0.1249, -0.75, -0.125, -0.1249, 9]);
    expect([...logarithmicFormat.fakeQuantize(x, scheme, scale1)]).toEqual([
      1, 0.5, 0.5, 0.25, 0.25, 0, -1, -0.25, 0, 1,
    ]);
  });

  it('puts logarithmic thresholds at geometric means, and zero below 2^(Emin − ½)', () => {
    const scheme = logarithmicScheme({ bits: 3, nearest: 'logarithmic' });
    // Levels 0.25, 0.5, 1; thresholds 2^-2.5 = 0.1768, 2^-1.5 = 0.3536, 2^-0.5 = 0.7071.
    // biome-ignore lint/suspicious/noApproximativeNumericConstant: a number just below √½
    const x = view([0.7072, 0.7071, 0.354, 0.353, 0.177, 0.176, -0.708, -0.176]);
    expect([...logarithmicFormat.fakeQuantize(x, scheme, scale1)]).toEqual([1, 0.5, 0.5, 0.25, 0.25, 0, -1, 0]);
  });

  it('spends the sign bit on exponents for unsigned data', () => {
    const scheme = logarithmicScheme({ bits: 3, signed: false });
    expect([...logarithmicFormat.quantize(view([-5, 0, 1, 2 ** -6, 2 ** -9]), scheme, scale1)]).toEqual([
      0, 0, 7, 1, 0,
    ]);
  });

  it('chooses Emax as INQ does, or by rounding the logarithm', () => {
    const emax = (max: number, nearest: 'linear' | 'logarithmic') =>
      Math.log2(chooseLogarithmicParams(view([max, -max / 3]), logarithmicScheme({ bits: 4, nearest })).scale[0]!);
    // ⌊log2(4·1.4/3)⌋ = ⌊0.9⌋ = 0; 1.5 is the tie and goes up. round(log2 1.5) = round(0.58) = 1; log2 1.4 = 0.485.
    expect([emax(1.4, 'linear'), emax(1.5, 'linear'), emax(1.5, 'logarithmic'), emax(1.4, 'logarithmic')]).toEqual([
      0, 1, 1, 0,
    ]);
    expect([emax(2 ** 127 * 1.9, 'linear'), emax(2 ** -126, 'linear')]).toEqual([127, -126]);
  });
});
