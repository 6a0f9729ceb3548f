import { type SeededRandom, seededRandom } from '@bitwright/core';
import type { Conv2dShape, Pool2dShape } from '../../src/index';

/** Definitions in float64, written to be read. */

export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Seeded floats, roughly normal, within (−3, 3). */
export function floats(random: SeededRandom, length: number): Float32Array {
  return Float32Array.from({ length }, () => 2 * (random.next() + random.next() + random.next() - 1.5));
}

export function random(seed: number): {
  floats: (length: number) => Float32Array;
  integer: (low: number, high: number) => number;
} {
  const source = seededRandom(seed);
  return {
    floats: (length) => floats(source, length),
    integer: (low, high) => low + Math.floor(source.next() * (high - low + 1)),
  };
}

/** Calls body(position in x, in y, in the filter) for every product of a convolution (of a depthwise one). */
export function forProducts(
  s: Conv2dShape,
  isDepthwise: boolean,
  body: (x: number, y: number, filter: number) => void,
): void {
  const multiplier = s.outChannels / s.inChannels;
  forWindows({ ...s, windowHeight: s.filterHeight, windowWidth: s.filterWidth }, (pixel, window, cell) => {
    for (let o = 0; o < s.outChannels; o++) {
      const y = window * s.outChannels + o;
      if (isDepthwise) {
        body(pixel * s.inChannels + Math.floor(o / multiplier), y, cell * s.outChannels + o);
        continue;
      }
      for (let c = 0; c < s.inChannels; c++) {
        body(pixel * s.inChannels + c, y, (cell * s.inChannels + c) * s.outChannels + o);
      }
    }
  });
}

type Windows = Omit<Pool2dShape, 'channels'>;

/** Calls body(pixel of x, pixel of y, cell of the window) for every cell that lies inside x. */
export function forWindows(s: Windows, body: (pixel: number, window: number, cell: number) => void): void {
  for (let window = 0; window < s.batch * s.outHeight * s.outWidth; window++) {
    const j = window % s.outWidth;
    const i = Math.floor(window / s.outWidth) % s.outHeight;
    const n = Math.floor(window / s.outWidth / s.outHeight);
    for (let cell = 0; cell < s.windowHeight * s.windowWidth; cell++) {
      const h = i * s.strideHeight + Math.floor(cell / s.windowWidth) * s.dilationHeight - s.padTop;
      const w = j * s.strideWidth + (cell % s.windowWidth) * s.dilationWidth - s.padLeft;
      if (h < 0 || w < 0 || h >= s.inHeight || w >= s.inWidth) continue;
      body((n * s.inHeight + h) * s.inWidth + w, window, cell);
    }
  }
}

/** Largest difference, relative to 1 + |expected|. */
export function worstError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const exact = expected[i] as number;
    const error = Math.abs((actual[i] as number) - exact) / (1 + Math.abs(exact));
    if (!(error <= worst)) worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return worst;
}

/**
 * Gradient of a scalar function by central differences in float64. The function must be smooth around x.
 */
export function finiteDifferences(f: (x: Float64Array) => number, x: ArrayLike<number>): Float64Array {
  const point = Float64Array.from(x);
  const step = 1e-4;
  return point.map((value, i) => {
    point[i] = value + step;
    const above = f(point);
    point[i] = value - step;
    const below = f(point);
    point[i] = value;
    return (above - below) / (2 * step);
  });
}
