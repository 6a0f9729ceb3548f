import { describe, expect, it } from 'vitest';
import golden from '../../src/__fixtures__/golden/ml-dtypes-floats.json';
import {
  bfloat16,
  decodeE8M0,
  decodeFloat,
  decodeFloats,
  encodeE8M0,
  encodeFloats,
  type FloatFormat,
  float4E2M1,
  float8E4M3FN,
  float8E4M3FNUZ,
  float8E5M2,
  float8E5M2FNUZ,
  float16,
  type PowerRounding,
} from '../../src/index';
import { bytesOf, float32Of } from './hexadecimal';

const formats: Record<string, FloatFormat> = Object.fromEntries(
  [float16, bfloat16, float8E4M3FN, float8E5M2, float8E4M3FNUZ, float8E5M2FNUZ, float4E2M1].map((f) => [f.name, f]),
);

function codesOf(hex: string, format: FloatFormat): number[] {
  const bytes = bytesOf(hex);
  return [...(format.bits > 8 ? new Uint16Array(bytes.buffer) : bytes)];
}

/** NaN codes differ in payload and sign between tools: compare them as one. */
function withoutPayload(codes: readonly number[], format: FloatFormat): (number | string)[] {
  return codes.map((code) => (Number.isNaN(decodeFloat(format, code)) ? 'NaN' : code));
}

describe('low-bit floats against ml_dtypes', () => {
  it.each(golden.formats)('decode $name', (c) => {
    const format = formats[c.name] as FloatFormat;
    const codes = codesOf(c.decodeCodes, format);
    const array = format.bits > 8 ? Uint16Array.from(codes) : Uint8Array.from(codes);
    expect(decodeFloats(format, array)).toEqual(float32Of(c.decoded));
  });

  it.each(golden.formats)('encode $name without saturation, ties to even', (c) => {
    const format = formats[c.name] as FloatFormat;
    // ml_dtypes saturates the one format without Infinity and NaN.
    const codes = encodeFloats(format, float32Of(c.x), { saturate: format === float4E2M1 });
    expect(withoutPayload([...codes], format)).toEqual(withoutPayload(codesOf(c.codes, format), format));
  });

  it.each(golden.formats.filter((c) => c.saturated !== undefined))('encode $name with saturation', (c) => {
    const format = formats[c.name] as FloatFormat;
    const codes = encodeFloats(format, float32Of(c.x), { saturate: true });
    expect([...codes]).toEqual(codesOf(c.saturated as string, format));
  });

  it.each(golden.e8m0)('encode float8E8M0 rounding $round', (c) => {
    const x = float32Of(c.x);
    const codes = Array.from(x, (v) => encodeE8M0(v, c.round as PowerRounding));
    expect(codes).toEqual([...bytesOf(c.codes)]);
    expect(decodeE8M0(codes[0] as number)).toBe(1);
  });
});
