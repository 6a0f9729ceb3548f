import { InvalidArgumentError, ShapeMismatchError } from '../errors';
import type { ConvolutionBackend, FloatConv2d } from './convolution-backend';

/**
 * The readable loops as a {@link ConvolutionBackend}: products and sums in float64, rounded to float32 at the end.
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when the channels are no multiples of the groups
 */
export const referenceConvolution: ConvolutionBackend = /* @__PURE__ */ Object.freeze<ConvolutionBackend>({
  convolve(shape, x, filter, bias, out, clamp) {
    check('convolve', shape, { x, filter, out });
    if (bias.length !== shape.outChannels) throw mismatch('convolve', 'bias', shape.outChannels, bias.length);
    const sums = new Float64Array(shape.outChannels);
    const { inChannels, outChannels, groups } = shape;
    const inGroup = inChannels / groups;
    const outGroup = outChannels / groups;
    const { min, max } = clamp ?? { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
    const pixels = shape.batch * shape.outHeight * shape.outWidth;
    for (let pixel = 0; pixel < pixels; pixel++) {
      sums.set(bias);
      forEachTap(shape, pixel, (from, tap) => {
        for (let o = 0; o < outChannels; o++) {
          const first = from + Math.floor(o / outGroup) * inGroup;
          let sum = sums[o] as number;
          for (let c = 0; c < inGroup; c++) {
            sum += (x[first + c] as number) * (filter[(tap * inGroup + c) * outChannels + o] as number);
          }
          sums[o] = sum;
        }
      });
      for (let o = 0; o < outChannels; o++) {
        out[pixel * outChannels + o] = Math.min(Math.max(sums[o] as number, min), max);
      }
    }
  },

  convolveBackwardInput(shape, dy, filter, dx) {
    check('convolveBackwardInput', shape, { x: dx, filter, out: dy });
    const sums = new Float64Array(dx.length);
    forEachProduct(shape, (input, weight, output) => {
      sums[input] = (sums[input] as number) + (dy[output] as number) * (filter[weight] as number);
    });
    dx.set(sums);
  },

  convolveBackwardFilter(shape, x, dy, dfilter) {
    check('convolveBackwardFilter', shape, { x, filter: dfilter, out: dy });
    const sums = new Float64Array(dfilter.length);
    forEachProduct(shape, (input, weight, output) => {
      sums[weight] = (sums[weight] as number) + (dy[output] as number) * (x[input] as number);
    });
    dfilter.set(sums);
  },

  add(a, b, out, clamp) {
    for (const [name, { length }] of Object.entries({ a, b })) {
      if (length !== out.length) throw mismatch('add', name, out.length, length);
    }
    const { min, max } = clamp ?? { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.min(Math.max((a[i] as number) + (b[i] as number), min), max);
    }
  },
});

// — internals —

/** Calls back for every product x[input] · filter[weight] that is part of out[output]. */
function forEachProduct(shape: FloatConv2d, visit: (input: number, weight: number, output: number) => void): void {
  const { inChannels, outChannels, groups } = shape;
  const inGroup = inChannels / groups;
  const outGroup = outChannels / groups;
  const pixels = shape.batch * shape.outHeight * shape.outWidth;
  for (let pixel = 0; pixel < pixels; pixel++) {
    forEachTap(shape, pixel, (from, tap) => {
      for (let o = 0; o < outChannels; o++) {
        const first = from + Math.floor(o / outGroup) * inGroup;
        for (let c = 0; c < inGroup; c++)
          visit(first + c, (tap * inGroup + c) * outChannels + o, pixel * outChannels + o);
      }
    });
  }
}

/** Calls back for every position of the filter over one output pixel that lies inside the image. */
function forEachTap(shape: FloatConv2d, pixel: number, visit: (from: number, tap: number) => void): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = shape;
  const j = pixel % outWidth;
  const i = Math.floor(pixel / outWidth) % outHeight;
  const n = Math.floor(pixel / (outWidth * outHeight));
  for (let f = 0; f < filterHeight; f++) {
    const h = i * shape.strideHeight - shape.padTop + f * shape.dilationHeight;
    if (h < 0 || h >= inHeight) continue;
    for (let g = 0; g < filterWidth; g++) {
      const w = j * shape.strideWidth - shape.padLeft + g * shape.dilationWidth;
      if (w < 0 || w >= inWidth) continue;
      visit(((n * inHeight + h) * inWidth + w) * inChannels, f * filterWidth + g);
    }
  }
}

function check(
  operation: string,
  shape: FloatConv2d,
  arrays: { readonly x: Float32Array; readonly filter: Float32Array; readonly out: Float32Array },
): void {
  const { inChannels, outChannels, groups } = shape;
  if (!(Number.isInteger(groups) && groups >= 1 && inChannels % groups === 0 && outChannels % groups === 0)) {
    throw new InvalidArgumentError({
      operation: `[core] ${operation}`,
      expected: 'channels that are multiples of the groups',
      received: `${inChannels} to ${outChannels} channels in ${groups} groups`,
    });
  }
  const counts = {
    x: shape.batch * shape.inHeight * shape.inWidth * inChannels,
    filter: shape.filterHeight * shape.filterWidth * (inChannels / groups) * outChannels,
    out: shape.batch * shape.outHeight * shape.outWidth * outChannels,
  };
  for (const name of ['x', 'filter', 'out'] as const) {
    if (arrays[name].length !== counts[name]) throw mismatch(operation, name, counts[name], arrays[name].length);
  }
}

function mismatch(operation: string, name: string, expected: number, received: number): ShapeMismatchError {
  return new ShapeMismatchError({
    operation: `[core] ${operation}`,
    expected: `${name} of length ${expected}`,
    received: `length ${received}`,
  });
}
