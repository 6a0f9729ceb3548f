import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random';
import type { FloatConv2d } from './convolution-backend';
import { referenceConvolution } from './reference-convolution';

const shape: FloatConv2d = {
  batch: 2,
  inHeight: 5,
  inWidth: 4,
  inChannels: 4,
  outHeight: 3,
  outWidth: 2,
  outChannels: 6,
  filterHeight: 3,
  filterWidth: 3,
  strideHeight: 2,
  strideWidth: 2,
  dilationHeight: 1,
  dilationWidth: 1,
  padTop: 1,
  padLeft: 1,
  groups: 2,
};

describe('referenceConvolution', () => {
  it('convolves a hand-computed image', () => {
    const one = {
      ...shape,
      batch: 1,
      inHeight: 2,
      inWidth: 2,
      inChannels: 1,
      outHeight: 2,
      outWidth: 2,
      outChannels: 1,
    };
    const small = { ...one, strideHeight: 1, strideWidth: 1, groups: 1 };
    const out = new Float32Array(4);
    // Every output sees all four pixels through another corner of the window 1 … 9.
    const filter = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    referenceConvolution.convolve(small, Float32Array.of(1, 2, 3, 4), filter, Float32Array.of(10), out);
    // 10 + 1·5 + 2·6 + 3·8 + 4·9;  10 + 1·4 + 2·5 + 3·7 + 4·8;  10 + 1·2 + 2·3 + 3·5 + 4·6;  10 + 1·1 + 2·2 + 3·4 + 4·5
    expect([...out]).toEqual([87, 77, 57, 47]);
    referenceConvolution.convolve(small, Float32Array.of(1, 2, 3, 4), filter, Float32Array.of(10), out, {
      min: 0,
      max: 60,
    });
    expect([...out]).toEqual([60, 60, 57, 47]);
  });

  it('has gradients that are the adjoints of its forward pass', () => {
    // ⟨conv(x, w), dy⟩ = ⟨x, dx⟩ = ⟨w, dw⟩ for a linear map: exact but for float32 rounding of sums of some hundred terms.
    const tolerance = 1e-4;
    const random = seededRandom(7);
    const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.next() - 0.5);
    const x = draw(2 * 5 * 4 * 4);
    const filter = draw(3 * 3 * 2 * 6);
    const dy = draw(2 * 3 * 2 * 6);
    const out = new Float32Array(dy.length);
    const dx = new Float32Array(x.length);
    const dfilter = new Float32Array(filter.length);
    referenceConvolution.convolve(shape, x, filter, new Float32Array(6), out);
    referenceConvolution.convolveBackwardInput(shape, dy, filter, dx);
    referenceConvolution.convolveBackwardFilter(shape, x, dy, dfilter);
    const forward = inner(out, dy);
    expect(Math.abs(forward)).toBeGreaterThan(0.01);
    expect(Math.abs(inner(x, dx) - forward)).toBeLessThan(tolerance);
    expect(Math.abs(inner(filter, dfilter) - forward)).toBeLessThan(tolerance);
  });

  it('refuses arrays and groups that do not fit', () => {
    const x = new Float32Array(2 * 5 * 4 * 4);
    const call = (groups: number, filter: number): void =>
      referenceConvolution.convolve(
        { ...shape, groups },
        x,
        new Float32Array(filter),
        new Float32Array(6),
        new Float32Array(2 * 3 * 2 * 6),
      );
    expect(() => call(2, 107)).toThrow(/filter of length 108, received length 107/);
    expect(() => call(4, 54)).toThrow(/multiples of the groups, received 4 to 6 channels in 4 groups/);
  });
});

function inner(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
}
