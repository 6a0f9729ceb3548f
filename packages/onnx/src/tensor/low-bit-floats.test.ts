import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float32ToBfloat16 } from './bfloat16';
import { float16ToFloat32, float32ToFloat16 } from './float16';
import {
  decodeE8M0,
  decodeMiniFloat,
  encodeE8M0,
  encodeMiniFloat,
  float4e2m1,
  float8e4m3fn,
  float8e4m3fnuz,
  float8e5m2,
  float8e5m2fnuz,
  type MiniFloat,
} from './minifloat';

/**
 * Golden checksums: ml_dtypes 0.6.0 with numpy 2.4.6 over 195 842 float32 values (every upper half, with pseudo-random,
 * half-way and near-tie lower halves; NaN left out). CRC-32 of the codes, every NaN written as all ones; conversions
 * there overflow instead of saturating.
 */
function sampleFloats(): Float32Array {
  const index = Array.from({ length: 65536 }, (_, i) => i);
  const bits = Uint32Array.from([
    ...index.map((i) => ((i << 16) | ((i * 40503) & 0xffff)) >>> 0),
    ...index.map((i) => ((i << 16) | 0x8000) >>> 0),
    ...index.map((i) => ((i << 16) | ((i & 0xf) << 12)) >>> 0),
  ]);
  return new Float32Array(bits.buffer).filter((value) => !Number.isNaN(value));
}

function decodeChecksum(count: number, decode: (code: number) => number): number {
  const values = Float32Array.from({ length: count }, (_, code) => decode(code));
  return crc32(new Uint8Array(values.map((value) => (Number.isNaN(value) ? -12345 : value)).buffer));
}

describe('16-bit floats', () => {
  it.each([
    ['float16', float32ToFloat16, float16ToFloat32, 1397960406, 1352677195],
    ['bfloat16', float32ToBfloat16, bfloat16ToFloat32, 220314303, 3221863689],
  ] as const)('%s converts both ways like ml_dtypes', (_, encode, decode, encoded, decoded) => {
    expect(crc32(new Uint8Array(Uint16Array.from(sampleFloats(), encode).buffer))).toBe(encoded);
    expect(decodeChecksum(65536, decode)).toBe(decoded);
  });

  it('keeps NaN', () => {
    expect(float16ToFloat32(float32ToFloat16(Number.NaN))).toBeNaN();
    expect(bfloat16ToFloat32(float32ToBfloat16(Number.NaN))).toBeNaN();
  });
});

describe('MiniFloat', () => {
  const cases: [MiniFloat, number, number][] = [
    [float8e4m3fn, 1536245244, 2543843593],
    [float8e4m3fnuz, 268189750, 2131168219],
    [float8e5m2, 1438566995, 2924023091],
    [float8e5m2fnuz, 2840172454, 2216665101],
  ];

  it.each(cases)('$name converts both ways like ml_dtypes', (format, encoded, decoded) => {
    const codes = Uint8Array.from(sampleFloats(), (value) => {
      const code = encodeMiniFloat(format, value, false);
      return Number.isNaN(decodeMiniFloat(format, code)) ? 255 : code;
    });
    expect(crc32(codes)).toBe(encoded);
    expect(decodeChecksum(256, (code) => decodeMiniFloat(format, code))).toBe(decoded);
  });

  it('float4e2m1 converts values within ±6 like ml_dtypes', () => {
    const values = sampleFloats().filter((value) => Math.abs(value) <= 1e30);
    const codes = Uint8Array.from(values, (value) => encodeMiniFloat(float4e2m1, Math.max(-6, Math.min(6, value))));
    expect(crc32(codes)).toBe(2119425030);
  });

  it.each(cases)('$name saturates to its largest finite number by default', (format) => {
    expect(encodeMiniFloat(format, 1e30)).toBe(format.maxCode);
    expect(encodeMiniFloat(format, Number.POSITIVE_INFINITY)).toBe(format.maxCode);
    expect(decodeMiniFloat(format, encodeMiniFloat(format, -1e30))).toBe(-decodeMiniFloat(format, format.maxCode));
  });

  it.each(cases)('$name has a code for NaN', (format) => {
    expect(decodeMiniFloat(format, encodeMiniFloat(format, Number.NaN))).toBeNaN();
  });

  it('refuses NaN in float4e2m1, which has no code for it', () => {
    expect(() => encodeMiniFloat(float4e2m1, Number.NaN)).toThrow('a number that float4e2m1 can represent');
  });
});

describe('float8e8m0', () => {
  it('rounds up to a power of two and reads back', () => {
    expect([1, 1.5, 2, 0.3, 0].map(encodeE8M0).map(decodeE8M0)).toEqual([1, 2, 2, 0.5, 2 ** -127]);
  });

  it('gives every power of two its own code', () => {
    for (let code = 0; code < 255; code++) expect(encodeE8M0(decodeE8M0(code))).toBe(code);
    expect(decodeE8M0(encodeE8M0(-1))).toBeNaN();
  });
});
