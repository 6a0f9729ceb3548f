import {
  bfloat16,
  decodeFloats,
  encodeFloats,
  float16,
  int4,
  int8,
  perAxis,
  perTensor,
  type Requantization,
  referenceBackend,
  requantize,
  seededRandom,
  uint2,
  view,
} from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import {
  dequantizeF32Async,
  fromBfloat16,
  fromFloat16,
  gramF32,
  gridErrors,
  histogram,
  histogramAsync,
  moments,
  packCodes,
  quantizeF32,
  quantizeF32Async,
  requantizeI32,
  toBfloat16,
  toFloat16,
  unpackCodes,
} from '../src/index';
import { nativeBackends } from './native-contexts';

const { backends, skipped } = nativeBackends();

/** Any float32 bit pattern but NaN, whose payload is not specified. */
function anyFloats(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const bits = Uint32Array.from({ length: count }, () => Math.floor(random.next() * 2 ** 32));
  return new Float32Array(bits.buffer).map((v) => (Number.isNaN(v) ? 1 : v));
}

const normals = (count: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => random.next() + random.next() + random.next() - 1.5);
};

describe.skipIf(backends.length === 0)(`conversion and statistics${skipped}`, () => {
  it('runs on an instruction set of this machine', () => {
    expect(backends).not.toHaveLength(0);
  });

  describe.each(backends.map((backend) => [backend.isa, backend] as const))('%s', (_isa, native) => {
    it("converts to 16-bit floats and back with the bits of core's formats", () => {
      const x = anyFloats(5003, 1);
      for (const [format, to, from] of [
        [float16, toFloat16, fromFloat16],
        [bfloat16, toBfloat16, fromBfloat16],
      ] as const) {
        const half = new Uint16Array(x.length);
        to(native, x, half);
        const expected = encodeFloats(format, x);
        expect(half).toEqual(Uint16Array.from(expected));
        const back = new Float32Array(x.length);
        from(native, half, back);
        expect(back).toEqual(Float32Array.from(decodeFloats(format, expected)));
      }
    });

    it('requantizes per channel with every method as core does', () => {
      const random = seededRandom(5);
      const acc = Int32Array.from({ length: 7 * 11 * 13 }, () => (random.next() * 2 ** 32) | 0);
      for (const method of ['float', 'fixedPointTwice', 'fixedPointOnce'] as const) {
        for (const scale of [2 ** -20, 2 ** -31, 3, 4000]) {
          const call: Requantization = {
            acc,
            shape: [7, 11, 13],
            granularity: perAxis(1),
            multiplier: Float32Array.from({ length: 11 }, () => scale * (0.5 + random.next())),
            zeroPoint: -3,
            qmin: -100,
            qmax: 127,
            method,
          };
          const out = new Int8Array(acc.length);
          requantizeI32(native, call, out);
          expect(out).toEqual(requantize(call, new Int8Array(acc.length)));
        }
      }
    });

    it('packs and unpacks, and names the code that does not fit', () => {
      const codes = Int8Array.from({ length: 301 }, (_, i) => (i % 16) - 8);
      const bytes = new Uint8Array(151);
      packCodes(native, codes, int4, bytes);
      const expected = new Uint8Array(151);
      referenceBackend.pack(codes, int4, expected);
      expect(bytes).toEqual(expected);
      const back = new Int8Array(301);
      unpackCodes(native, bytes, int4, back);
      expect(back).toEqual(codes);
      const bad = Uint8Array.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 4);
      expect(() => packCodes(native, bad, uint2, new Uint8Array(3))).toThrow(/4 at element 9/);
    });

    it('gives sums of values, magnitudes and squares', () => {
      const x = normals(3 * 41, 7);
      const out = { sums: new Float64Array(41), magnitudes: new Float64Array(41), squares: new Float64Array(41) };
      moments(native, view(x, [3, 41]), perAxis(1), out);
      for (let c = 0; c < 41; c++) {
        const column = [x[c], x[c + 41], x[c + 82]] as [number, number, number];
        const sum = (f: (v: number) => number): number => column.reduce((total, v) => total + f(v), 0);
        // Three terms: float64 additions in any order agree to 1e-15.
        expect(out.sums[c]).toBeCloseTo(
          sum((v) => v),
          14,
        );
        expect(out.magnitudes[c]).toBeCloseTo(sum(Math.abs), 14);
        expect(out.squares[c]).toBeCloseTo(
          sum((v) => v * v),
          14,
        );
      }
    });

    it('gives the squared error of candidate grids', () => {
      const x = normals(1000, 8);
      const scale = Float32Array.of(0.01, 0.02, 0.1);
      const grids = { shape: [1000], granularity: perTensor, qmin: -8, qmax: 7, scale, zeroPoint: new Float32Array(3) };
      const errors = new Float64Array(3);
      gridErrors(native, { ...grids, candidates: 3 }, x, errors);
      scale.forEach((s, k) => {
        const grid = { ...grids, scale: Float32Array.of(s), zeroPoint: new Float32Array(1) };
        const codes = new Int8Array(1000);
        quantizeF32(native, grid, x, codes);
        const error = x.reduce((sum, v, i) => sum + Math.fround(v - Math.fround((codes[i] as number) * s)) ** 2, 0);
        expect(errors[k]).toBeCloseTo(error, 9);
      });
    });

    it('adds Gram matrices', () => {
      const x = normals(20 * 3, 9);
      const out = new Float32Array(9).fill(1);
      gramF32(native, { rows: 20, columns: 3 }, x, out);
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          let sum = 1;
          for (let r = 0; r < 20; r++) sum += (x[3 * r + i] as number) * (x[3 * r + j] as number);
          expect(out[3 * i + j]).toBeCloseTo(sum, 4);
        }
      }
    });

    it('gives the same from another thread, several calls at once', async () => {
      const x = normals(70_003, 10);
      const grid = {
        shape: [x.length],
        granularity: perTensor,
        scale: Float32Array.of(0.02),
        zeroPoint: Float32Array.of(3),
        qmin: -128,
        qmax: 127,
      };
      const [codes, expected] = [new Int8Array(x.length), new Int8Array(x.length)];
      const [back, counts] = [new Float32Array(x.length), new Float64Array(512)];
      const [, missed] = await Promise.all([
        quantizeF32Async(native, grid, x, codes),
        histogramAsync(native, x, { exponent: -7, firstBin: -256 }, counts),
      ]);
      await dequantizeF32Async(native, grid, codes, back);
      quantizeF32(native, grid, x, expected);
      expect(codes).toEqual(expected);
      const again = new Float64Array(512);
      expect(histogram(native, x, { exponent: -7, firstBin: -256 }, again)).toBe(missed);
      expect(counts).toEqual(again);
      expect(Math.max(...x.map((v, i) => Math.abs(v - (back[i] as number))).subarray(0, 1000))).toBeLessThan(0.0101);
    });

    it('refuses codes that the array cannot hold', () => {
      const grid = {
        shape: [2],
        granularity: perTensor,
        scale: Float32Array.of(1),
        zeroPoint: new Float32Array(1),
        qmin: 0,
        qmax: 255,
      };
      expect(() => quantizeF32(native, grid, new Float32Array(2), new Int8Array(2))).toThrow(/codes \[0, 255\]/);
      expect(() => quantizeF32(native, grid, new Float32Array(2), new Int32Array(2) as never)).toThrow(/8- or 16-bit/);
      expect(() => histogram(native, new Float32Array(2), { exponent: 0.5, firstBin: 0 }, new Float64Array(2))).toThrow(
        /integer exponent/,
      );
      expect(() => packCodes(native, new Uint8Array(3) as never, int8, new Uint8Array(3))).toThrow(/Int8Array/);
    });
  });
});
