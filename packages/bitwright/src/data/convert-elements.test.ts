import { describe, expect, it } from 'vitest';
import { canConvert, convertElements } from './convert-elements';

const context = { input: 'x', source: 'x.npy' };

describe('convertElements', () => {
  it('keeps the array when the types agree', () => {
    const data = Float32Array.of(1);
    expect(convertElements(data, 'float32', 'float32', context)).toBe(data);
  });

  it('converts what float32 inputs are usually given', () => {
    expect(convertElements(Uint8Array.of(0, 255), 'uint8', 'float32', context)).toEqual(Float32Array.of(0, 255));
    expect(convertElements(Float64Array.of(0.1), 'float64', 'float32', context)).toEqual(Float32Array.of(0.1));
    expect(convertElements(Uint16Array.of(0x3c00), 'float16', 'float32', context)).toEqual(Float32Array.of(1));
  });

  it('widens and narrows integers when every value fits', () => {
    expect(convertElements(Int32Array.of(-5), 'int32', 'int64', context)).toEqual(BigInt64Array.of(-5n));
    expect(convertElements(BigInt64Array.of(5n), 'int64', 'int32', context)).toEqual(Int32Array.of(5));
    expect(() => convertElements(BigInt64Array.of(1n, 2n ** 40n), 'int64', 'int32', context)).toThrow(
      /-2147483648…2147483647 \(int32\) for input 'x', received 1099511627776 at element 1 from x\.npy/,
    );
  });

  it('refuses what loses information, naming both types', () => {
    expect(canConvert('float32', 'int64')).toBe(false);
    expect(() => convertElements(Float32Array.of(1), 'float32', 'uint8', context)).toThrow(/uint8.*float32/);
    expect(() => convertElements(Float32Array.of(1), 'float32', 'float16', context)).toThrow(/float16.*float32/);
    expect(() => convertElements(Int32Array.of(2 ** 24 + 1), 'int32', 'float32', context)).toThrow(
      /16777217 \(int32\)/,
    );
    expect(() => convertElements(Float64Array.of(1e300), 'float64', 'float32', context)).toThrow(/1e\+300/);
  });

  it('passes NaN on, for the data check to name', () => {
    const result = convertElements(Float64Array.of(Number.NaN), 'float64', 'float32', context);
    expect(result[0]).toBeNaN();
  });
});
