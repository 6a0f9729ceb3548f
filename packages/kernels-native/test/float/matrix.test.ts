import { describe, expect, it } from 'vitest';
import {
  type Conv2dShape,
  conv2dBackwardFilterF32,
  conv2dBackwardInputF32,
  conv2dF32,
  depthwiseBackwardFilterF32,
  depthwiseBackwardInputF32,
  depthwiseConv2dF32,
  gemmF32,
  packMatrixF32,
} from '../../src/index';
import { nativeBackends } from '../native-contexts';
import { count, forProducts, random, worstError } from './reference';

const { backends, skipped } = nativeBackends();

/** Sums of up to a few hundred products of numbers around 1: a few hundred roundings of 2⁻²⁴ each, mostly cancelling. */
const tolerance = 2e-5;

/** ReLU-like bounds that the sums reach on both sides. */
const activation = { min: -2, max: 3 } as const;
const clamp = (x: number): number => Math.min(3, Math.max(-2, x));

function randomConv(seed: number, isDepthwise: boolean): Conv2dShape {
  const { integer } = random(seed);
  const inChannels = integer(1, 19);
  const [inHeight, inWidth] = [integer(1, 11), integer(1, 11)];
  const [strideHeight, strideWidth] = [integer(1, 3), integer(1, 3)];
  return {
    batch: integer(1, 3),
    inHeight,
    inWidth,
    inChannels,
    outHeight: integer(1, Math.ceil(inHeight / strideHeight) + 1),
    outWidth: integer(1, Math.ceil(inWidth / strideWidth) + 1),
    outChannels: isDepthwise ? inChannels * integer(1, 3) : integer(1, 37),
    filterHeight: integer(1, 4),
    filterWidth: integer(1, 4),
    strideHeight,
    strideWidth,
    dilationHeight: integer(1, 2),
    dilationWidth: integer(1, 2),
    padTop: integer(0, 2),
    padLeft: integer(0, 2),
  };
}

describe.each(backends.map((native) => [native.isa, native] as const))('float products on %s', (_, native) => {
  it('multiplies matrices in every layout, with bias, clamp and accumulation', () => {
    for (let seed = 0; seed < 40; seed++) {
      const r = random(seed);
      const [m, n, k, batch] = [r.integer(1, 50), r.integer(1, 70), r.integer(0, 60), r.integer(1, 3)];
      const [transposeA, transposeB] = [seed % 2 === 1, seed % 4 > 1];
      const isShared = seed % 3 === 0;
      const a = r.floats(batch * m * k);
      const b = r.floats((isShared ? 1 : batch) * k * n);
      const bias = r.floats(n);
      const out = r.floats(batch * m * n);
      const expected = Float64Array.from(out, (start, i) => {
        const [p, row, column] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
        let sum = start + (bias[column] as number);
        for (let d = 0; d < k; d++) {
          const atA = p * m * k + (transposeA ? d * m + row : row * k + d);
          const atB = (isShared ? 0 : p * k * n) + (transposeB ? column * k + d : d * n + column);
          sum += (a[atA] as number) * (b[atB] as number);
        }
        return clamp(sum);
      });
      const shape = { m, n, k, batch, transposeA, transposeB, strideB: isShared ? 0 : k * n };
      const operand = isShared && seed % 2 === 0 ? packMatrixF32(native, { k, n, transpose: transposeB }, b) : b;
      gemmF32(native, shape, a, operand, out, { bias, activation, accumulate: true });
      expect(worstError(out, expected)).toBeLessThan(tolerance);
    }
  });

  it('convolves forward and backward like the definition', () => {
    for (let seed = 0; seed < 25; seed++) {
      const r = random(seed);
      const s = randomConv(seed, false);
      const x = r.floats(count([s.batch, s.inHeight, s.inWidth, s.inChannels]));
      const filter = r.floats(count([s.filterHeight, s.filterWidth, s.inChannels, s.outChannels]));
      const dy = r.floats(count([s.batch, s.outHeight, s.outWidth, s.outChannels]));
      const bias = r.floats(s.outChannels);
      const expected = {
        y: new Float64Array(dy.length),
        dx: new Float64Array(x.length),
        dfilter: new Float64Array(filter.length),
        dbias: new Float64Array(s.outChannels),
      };
      forProducts(s, false, (atX, atY, atFilter) => {
        const [xv, fv, dv] = [x[atX] as number, filter[atFilter] as number, dy[atY] as number];
        expected.y[atY] = (expected.y[atY] as number) + xv * fv;
        expected.dx[atX] = (expected.dx[atX] as number) + dv * fv;
        expected.dfilter[atFilter] = (expected.dfilter[atFilter] as number) + dv * xv;
      });
      dy.forEach((value, i) => {
        expected.dbias[i % s.outChannels] = (expected.dbias[i % s.outChannels] as number) + value;
      });
      const y = new Float32Array(dy.length);
      const dx = new Float32Array(x.length);
      const dfilter = new Float32Array(filter.length);
      const dbias = new Float32Array(s.outChannels);
      const k = s.filterHeight * s.filterWidth * s.inChannels;
      const operand = seed % 2 === 0 ? filter : packMatrixF32(native, { k, n: s.outChannels }, filter);
      conv2dF32(native, s, x, operand, y, { bias, residual: dy, activation });
      conv2dBackwardInputF32(native, s, dy, filter, dx);
      conv2dBackwardFilterF32(native, s, x, dy, dfilter, { dbias });
      const whole = expected.y.map((sum, i) => clamp(sum + (bias[i % s.outChannels] as number) + (dy[i] as number)));
      expect(worstError(y, whole)).toBeLessThan(tolerance);
      expect(worstError(dx, expected.dx)).toBeLessThan(tolerance);
      expect(worstError(dfilter, expected.dfilter)).toBeLessThan(tolerance);
      expect(worstError(dbias, expected.dbias)).toBeLessThan(tolerance);
    }
  });

  it('convolves depthwise forward and backward like the definition', () => {
    for (let seed = 100; seed < 125; seed++) {
      const r = random(seed);
      const s = randomConv(seed, true);
      const x = r.floats(count([s.batch, s.inHeight, s.inWidth, s.inChannels]));
      const filter = r.floats(count([s.filterHeight, s.filterWidth, s.outChannels]));
      const dy = r.floats(count([s.batch, s.outHeight, s.outWidth, s.outChannels]));
      const expected = {
        y: new Float64Array(dy.length),
        dx: new Float64Array(x.length),
        dfilter: new Float64Array(filter.length),
      };
      forProducts(s, true, (atX, atY, atFilter) => {
        const [xv, fv, dv] = [x[atX] as number, filter[atFilter] as number, dy[atY] as number];
        expected.y[atY] = (expected.y[atY] as number) + xv * fv;
        expected.dx[atX] = (expected.dx[atX] as number) + dv * fv;
        expected.dfilter[atFilter] = (expected.dfilter[atFilter] as number) + dv * xv;
      });
      const y = new Float32Array(dy.length);
      const dx = new Float32Array(x.length);
      const dfilter = new Float32Array(filter.length);
      depthwiseConv2dF32(native, s, x, filter, y, { activation: 'relu' });
      depthwiseBackwardInputF32(native, s, dy, filter, dx);
      depthwiseBackwardFilterF32(native, s, x, dy, dfilter);
      expect(
        worstError(
          y,
          expected.y.map((sum) => Math.max(sum, 0)),
        ),
      ).toBeLessThan(tolerance);
      expect(worstError(dx, expected.dx)).toBeLessThan(tolerance);
      expect(worstError(dfilter, expected.dfilter)).toBeLessThan(tolerance);
    }
  });
});

describe.skipIf(backends.length === 0)(`arguments of float products${skipped}`, () => {
  const native = backends[0] as (typeof backends)[number];
  const shape = randomConv(1, false);
  const zeros = (length: number): Float32Array => new Float32Array(length);

  it('names the array and the length that are wrong', () => {
    expect(() => gemmF32(native, { m: 2, n: 2, k: 2 }, zeros(4), zeros(3), zeros(4))).toThrow(
      /gemmF32: expected b of length 4, received length 3/,
    );
  });

  it('refuses sizes that are no counts, and products beyond 2^40', () => {
    expect(() => gemmF32(native, { m: 1.5, n: 2, k: 2 }, zeros(4), zeros(4), zeros(4))).toThrow(/integer/);
    expect(() => gemmF32(native, { m: 2 ** 30, n: 2 ** 30, k: 1 }, zeros(4), zeros(4), zeros(4))).toThrow(/2\^40/);
    expect(() => conv2dF32(native, { ...shape, strideWidth: 0 }, zeros(1), zeros(1), zeros(1))).toThrow(/strideWidth/);
    expect(() => conv2dF32(native, { ...shape, padTop: Number.NaN }, zeros(1), zeros(1), zeros(1))).toThrow(/padTop/);
  });

  it('refuses outputs that overlap inputs, detached arrays and shared memory', () => {
    const memory = zeros(8);
    expect(() => gemmF32(native, { m: 2, n: 2, k: 2 }, memory.subarray(0, 4), zeros(4), memory.subarray(2, 6))).toThrow(
      /memory of its own/,
    );
    const detached = zeros(4);
    structuredClone(detached, { transfer: [detached.buffer as ArrayBuffer] });
    expect(() => gemmF32(native, { m: 2, n: 2, k: 2 }, detached, zeros(4), zeros(4))).toThrow(/length 0/);
    const shared = new Float32Array(new SharedArrayBuffer(16));
    expect(() => gemmF32(native, { m: 2, n: 2, k: 2 }, shared, zeros(4), zeros(4))).toThrow(/shared/);
  });

  it('refuses a matrix packed for another shape', () => {
    const packed = packMatrixF32(native, { k: 2, n: 2 }, zeros(4));
    expect(() => gemmF32(native, { m: 2, n: 2, k: 3 }, zeros(6), packed, zeros(4))).toThrow(/packed as \[3,2\]/);
  });

  it('takes empty batches and matrices', () => {
    gemmF32(native, { m: 0, n: 3, k: 2 }, zeros(0), zeros(6), zeros(0));
    const out = Float32Array.of(7, 7);
    gemmF32(native, { m: 1, n: 2, k: 0 }, zeros(0), zeros(0), out);
    expect([...out]).toEqual([0, 0]);
  });
});
