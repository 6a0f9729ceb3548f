import { describe, expect, it } from 'vitest';
import { decodeFloat, decodeFloats, encodeFloat, encodeFloats, type FloatFormat, largestFloat } from './float-format';
import {
  bfloat16,
  float4E2M1,
  float8E4M3FN,
  float8E4M3FNUZ,
  float8E5M2,
  float8E5M2FNUZ,
  float16,
} from './float-formats';

const formats: FloatFormat[] = [
  float16,
  bfloat16,
  float8E4M3FN,
  float8E5M2,
  float8E4M3FNUZ,
  float8E5M2FNUZ,
  float4E2M1,
];
const named = formats.map((format) => [format.name, format] as const);

describe('low-bit floats', () => {
  it.each(named)('encode and decode are inverse on every code: %s', (_, format) => {
    const wrong: number[] = [];
    for (let code = 0; code < 2 ** format.bits; code++) {
      const value = decodeFloat(format, code);
      if (!Number.isNaN(value) && encodeFloat(format, value, false) !== code) wrong.push(code);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    [float16, 65504, 2 ** -24],
    [bfloat16, (2 - 2 ** -7) * 2 ** 127, 2 ** -133],
    [float8E4M3FN, 448, 2 ** -9],
    [float8E5M2, 57344, 2 ** -16],
    [float8E4M3FNUZ, 240, 2 ** -10],
    [float8E5M2FNUZ, 57344, 2 ** -17],
    [float4E2M1, 6, 0.5],
  ])('have their known largest and smallest numbers: $name', (format, largest, smallest) => {
    expect(largestFloat(format)).toBe(largest);
    expect(decodeFloat(format, 1)).toBe(smallest);
  });

  it('float4 is 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives', () => {
    const codes = Uint8Array.from({ length: 16 }, (_, i) => i);
    expect([...decodeFloats(float4E2M1, codes)]).toEqual([
      0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6,
    ]);
  });

  it('round ties to the even code, at the subnormal border too', () => {
    // Float4: 0.25 between codes 0 and 1, 0.75 between 1 and 2, 2.5 between 4 and 5, 5 between 6 and 7.
    expect([0.25, 0.75, 2.5, 3.5, 5].map((x) => encodeFloat(float4E2M1, x))).toEqual([0, 2, 4, 6, 6]);
    expect(encodeFloat(float16, 2 ** -25)).toBe(0);
    expect(encodeFloat(float16, 2 ** -25 * (1 + 2 ** -20))).toBe(1);
    expect(encodeFloat(float16, 2 ** -14 - 2 ** -25)).toBe(0x0400);
  });

  it('round once from float64: no double rounding through float32', () => {
    // 1 + 2^-11 is a tie of float16; a bit far below float32 decides it.
    expect(encodeFloat(float16, 1 + 2 ** -11)).toBe(0x3c00);
    expect(encodeFloat(float16, 1 + 2 ** -11 + 2 ** -40)).toBe(0x3c01);
  });

  it('overflow to Infinity or NaN, or saturate, half a step beyond the largest number', () => {
    expect([65519.99, 65520, -1e300].map((x) => encodeFloat(float16, x))).toEqual([0x7bff, 0x7c00, 0xfc00]);
    expect([464, 465, -465].map((x) => encodeFloat(float8E4M3FN, x, false))).toEqual([0x7e, 0x7f, 0x7f]);
    expect([465, -1e9, Number.POSITIVE_INFINITY].map((x) => encodeFloat(float8E4M3FN, x))).toEqual([0x7e, 0xfe, 0x7e]);
    expect([61440, Number.NEGATIVE_INFINITY].map((x) => encodeFloat(float8E5M2, x, false))).toEqual([0x7c, 0xfc]);
    expect(encodeFloat(float8E5M2, Number.POSITIVE_INFINITY)).toBe(0x7b);
    expect(encodeFloat(float8E4M3FNUZ, Number.POSITIVE_INFINITY, false)).toBe(0x80);
  });

  it('keep the sign of zero where the format has one', () => {
    expect([encodeFloat(float16, -0), encodeFloat(float8E4M3FN, -1e-9), encodeFloat(float8E5M2FNUZ, -0)]).toEqual([
      0x8000, 0x80, 0,
    ]);
  });

  it('encode NaN as the quiet NaN of the format; float4 has none and says so', () => {
    expect(
      [float16, bfloat16, float8E4M3FN, float8E5M2, float8E4M3FNUZ].map((f) => encodeFloat(f, Number.NaN)),
    ).toEqual([0x7e00, 0x7fc0, 0x7f, 0x7e, 0x80]);
    expect(() => encodeFloats(float4E2M1, [1, Number.NaN])).toThrow(/float4E2M1 has no NaN/);
    expect(() => encodeFloat(float4E2M1, 100, false)).toThrow(/beyond the largest number 6/);
  });

  it('write into the array they are given', () => {
    const codes = new Uint16Array(2);
    expect(encodeFloats(bfloat16, [1, -2], {}, codes)).toBe(codes);
    expect([...codes]).toEqual([0x3f80, 0xc000]);
    expect([...decodeFloats(bfloat16, codes)]).toEqual([1, -2]);
    expect(() => encodeFloats(bfloat16, [1], {}, codes)).toThrow(/length 1, received 2/);
  });
});
