import { describe, expect, it } from 'vitest';
import { integerAveragePool, integerGlobalAveragePool, integerMaxPool, poolShape } from './pool';

const image = { layout: 'NCHW' as const, inputShape: [1, 1, 3, 3] };
const codes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
const input = { codes, scale: 0.5, zeroPoint: 2 };
const same = { scale: 0.5, zeroPoint: 2, qmin: 0, qmax: 255 };

describe('integerAveragePool', () => {
  it('is the mean of the codes for equal scales, ties to even around the zero point', () => {
    // Means 3, 4, 6, 7 of 2×2 windows.
    const pooling = { ...image, kernel: [2, 2] as const };
    expect([...integerAveragePool(input, pooling, same, new Uint8Array(4))]).toEqual([3, 4, 6, 7]);
    // 1×2 windows of the first row: (−1 + 0)/2 = −0.5 → 0, (0 + 1)/2 = 0.5 → 0; +2.
    const row = { layout: 'NCHW' as const, inputShape: [1, 1, 1, 3], kernel: [1, 2] as const };
    expect([...integerAveragePool({ ...input, codes: codes.slice(0, 3) }, row, same, new Uint8Array(2))]).toEqual([
      2, 2,
    ]);
  });

  it('counts padding as real zeros only when asked', () => {
    const pooling = { ...image, kernel: [2, 2] as const, pads: [1, 1, 0, 0] as const, strides: [2, 2] as const };
    // Corner window: one tap, code 1, real −0.5. Included padding divides by 4: −1/4 → 0.
    expect(integerAveragePool(input, pooling, same, new Uint8Array(4))[0]).toBe(1);
    expect(integerAveragePool(input, { ...pooling, countIncludePad: true }, same, new Uint8Array(4))[0]).toBe(2);
  });

  it('rescales to the output', () => {
    const output = { scale: 0.25, zeroPoint: 0, qmin: 0, qmax: 255 };
    // Mean code 5: real 1.5, /0.25 = 6.
    expect([...integerGlobalAveragePool(input, image, output, new Uint8Array(1))]).toEqual([6]);
  });

  it('in ceil mode divides by the taps that exist, padding beyond the image excluded', () => {
    const pooling = {
      ...image,
      kernel: [2, 2] as const,
      strides: [2, 2] as const,
      ceilMode: true,
      countIncludePad: true,
    };
    expect(poolShape(pooling)).toEqual([1, 1, 2, 2]);
    expect([...integerAveragePool(input, pooling, same, new Uint8Array(4))]).toEqual([3, 4, 8, 9]);
  });
});

describe('integerMaxPool', () => {
  it('takes the largest code; padding never wins', () => {
    const pooling = { ...image, kernel: [2, 2] as const, pads: [1, 1, 1, 1] as const, strides: [2, 2] as const };
    expect([
      ...integerMaxPool(
        Int8Array.from(codes, (q) => q - 10),
        pooling,
        new Int8Array(4),
      ),
    ]).toEqual([-9, -7, -3, -1]);
  });

  it('works channels last and dilated', () => {
    const pooling = {
      layout: 'NHWC' as const,
      inputShape: [1, 3, 1, 2],
      kernel: [2, 1] as const,
      dilations: [2, 1] as const,
    };
    expect(poolShape(pooling)).toEqual([1, 1, 1, 2]);
    expect([...integerMaxPool(Uint8Array.of(1, 9, 5, 5, 3, 2), pooling, new Uint8Array(2))]).toEqual([3, 9]);
  });

  it('refuses a window that sees only padding', () => {
    const pooling = { layout: 'NCHW' as const, inputShape: [1, 1, 1, 1], kernel: [2, 1] as const };
    const hollow = { ...pooling, dilations: [3, 1] as const, pads: [2, 0, 2, 0] as const };
    expect(() => integerMaxPool(Uint8Array.of(1), hollow, new Uint8Array(2))).toThrow(/at least one input value/);
  });
});
