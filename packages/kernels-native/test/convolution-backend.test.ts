import { type ConvolutionBackend, type FloatConv2d, referenceConvolution, seededRandom } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { nativeBackends } from './native-contexts';

/** Sums of at most 9 · 8 products of numbers below 1, in float32 in another order. */
const tolerance = 2e-5;

const base: FloatConv2d = {
  batch: 2,
  inHeight: 7,
  inWidth: 6,
  inChannels: 8,
  outHeight: 4,
  outWidth: 3,
  outChannels: 8,
  filterHeight: 3,
  filterWidth: 3,
  strideHeight: 2,
  strideWidth: 2,
  dilationHeight: 1,
  dilationWidth: 1,
  padTop: 1,
  padLeft: 1,
  groups: 1,
};

const { backends, skipped } = nativeBackends();

describe.skipIf(backends.length === 0)(`native convolution backend${skipped}`, () => {
  for (const backend of backends) {
    const { isa } = backend;
    for (const [name, groups] of [
      ['dense', 1],
      ['grouped', 4],
      ['depthwise', 8],
    ] as const) {
      it(`agrees with the reference on ${isa}, ${name}`, () => {
        const shape = { ...base, groups };
        const ours = run(backend, shape);
        const reference = run(referenceConvolution, shape);
        for (const [i, values] of ours.entries()) {
          const wanted = reference[i] as Float32Array;
          const worst = values.reduce((most, v, k) => Math.max(most, Math.abs(v - (wanted[k] as number))), 0);
          expect(worst).toBeLessThan(tolerance);
        }
      });
    }
  }
});

/** Forward with and without bounds, gradient of the input, gradient of the filter. */
function run(kernels: ConvolutionBackend, shape: FloatConv2d): readonly Float32Array[] {
  const random = seededRandom(3);
  const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.next() - 0.5);
  const x = draw(shape.batch * shape.inHeight * shape.inWidth * shape.inChannels);
  const filter = draw(9 * (shape.inChannels / shape.groups) * shape.outChannels);
  const dy = draw(shape.batch * shape.outHeight * shape.outWidth * shape.outChannels);
  const bias = draw(shape.outChannels);
  const out = new Float32Array(dy.length);
  const bounded = new Float32Array(dy.length);
  const dx = new Float32Array(x.length);
  const dfilter = new Float32Array(filter.length);
  kernels.convolve(shape, x, filter, bias, out);
  kernels.convolve(shape, x, filter, bias, bounded, { min: 0, max: 0.5 });
  kernels.convolveBackwardInput(shape, dy, filter, dx);
  kernels.convolveBackwardFilter(shape, x, dy, dfilter);
  return [out, bounded, dx, dfilter];
}
