import { InvalidArgumentError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import type { ResizeArguments } from './binding';
import { assertSeparate } from './floats';

/** x [batch, inHeight, inWidth, channels] in another height and width: y [batch, outHeight, outWidth, channels]. */
export interface ResizeF32 {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly method: 'nearest' | 'bilinear';
  /** The centers of the corner pixels stay where they are; default false. */
  readonly alignCorners?: boolean | undefined;
  /** Pixel i lies at i + 1/2; default false: at i. */
  readonly halfPixelCenters?: boolean | undefined;
}

/**
 * Resizes float32 images, threaded, as TensorFlow's resize operators do.
 *
 * Formula:  output i of an axis lies at source position p = i · r, or (i + ½) · r − ½ with half-pixel centers (nearest: without − ½);
 *           r = in / out, or (in − 1) / (out − 1) with aligned corners and out > 1
 *           bilinear: x(⌊p⌋) + (x(⌈p⌉) − x(⌊p⌋)) · (p − ⌊p⌋) along the width, then along the height, pixels kept inside the image
 *           nearest:  x(⌊p⌋), with aligned corners x(⌊p + ½⌋)
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when a size is out of range, the method is unknown, an image of no pixels shall become one of some,
 *   or the arrays overlap
 */
export function resizeF32(native: NativeContext, resize: ResizeF32, x: Float32Array, y: Float32Array): void {
  const operation = 'resizeF32';
  const { numbers, inCount, outCount } = checkResize(operation, resize);
  assertArray(operation, 'x', x, 'Float32Array', inCount);
  assertArray(operation, 'y', y, 'Float32Array', outCount);
  assertSeparate(operation, y, x);
  checkStatus(operation, native.addon.resizeF32(native.handle, ...numbers, x, y));
}

/** Gradient of {@link resizeF32} with respect to x: every dy goes to the pixels it was mixed from, in the same shares. */
export function resizeBackwardF32(native: NativeContext, resize: ResizeF32, dy: Float32Array, dx: Float32Array): void {
  const operation = 'resizeBackwardF32';
  const { numbers, inCount, outCount } = checkResize(operation, resize);
  assertArray(operation, 'dy', dy, 'Float32Array', outCount);
  assertArray(operation, 'dx', dx, 'Float32Array', inCount);
  assertSeparate(operation, dx, dy);
  checkStatus(operation, native.addon.resizeBackwardF32(native.handle, ...numbers, dy, dx));
}

// — internals —

const mostSide = 2 ** 24;
const sizes = ['batch', 'inHeight', 'inWidth', 'channels', 'outHeight', 'outWidth'] as const;

function checkResize(
  operation: string,
  resize: ResizeF32,
): { numbers: ResizeArguments; inCount: number; outCount: number } {
  for (const name of sizes) assertInteger(operation, name, resize[name], 0, mostSide);
  const { batch, inHeight, inWidth, channels, outHeight, outWidth, method } = resize;
  if (method !== 'nearest' && method !== 'bilinear') {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'the method nearest or bilinear',
      received: String(method),
    });
  }
  const inCount = checkedCount(operation, 'x', [batch, inHeight, inWidth, channels]);
  const outCount = checkedCount(operation, 'y', [batch, outHeight, outWidth, channels]);
  if (inCount === 0 && outCount > 0) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'images of at least one pixel',
      received: `${inHeight} × ${inWidth}`,
    });
  }
  const switches = [resize.alignCorners ?? false, resize.halfPixelCenters ?? false].map(Number);
  const numbers = [method === 'bilinear' ? 1 : 0, ...switches, ...sizes.map((name) => resize[name])];
  return { numbers: numbers as ResizeArguments, inCount, outCount };
}
