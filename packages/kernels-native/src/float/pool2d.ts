import { InvalidArgumentError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import type { Pool2dArguments } from './binding';
import { assertSeparate } from './floats';

/**
 * A 2-D pooling, NHWC: x [batch, inHeight, inWidth, channels], y [batch, outHeight, outWidth, channels]. Window (i, j) covers
 * x(i · strideHeight − padTop + f · dilationHeight, …) for f < windowHeight.
 */
export interface Pool2dShape {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly windowHeight: number;
  readonly windowWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** What an average divides by: the window's pixels inside x (default), or all of its cells. */
export interface AveragePoolOptions {
  readonly countsPadding?: boolean | undefined;
}

/**
 * y = the largest value of each window; −Infinity where a window lies outside x. NaN is chosen only where it comes first.
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when a size is out of range, or y overlaps x
 */
export function maxPoolF32(native: NativeContext, shape: Pool2dShape, x: Float32Array, y: Float32Array): void {
  forward('maxPoolF32', native, maximum, shape, x, y);
}

/** y = the mean of each window; 0 where a window lies outside x. Errors as {@link maxPoolF32}. */
export function avgPoolF32(
  native: NativeContext,
  shape: Pool2dShape,
  x: Float32Array,
  y: Float32Array,
  options: AveragePoolOptions = {},
): void {
  forward('avgPoolF32', native, averageOf(options), shape, x, y);
}

/**
 * Gradient of {@link maxPoolF32}: each dy goes to the first pixel of its window that equals y. Errors as there.
 *
 * @param x The input of the forward pass.
 * @param y Its output.
 */
export function maxPoolBackwardF32(
  native: NativeContext,
  shape: Pool2dShape,
  dy: Float32Array,
  x: Float32Array,
  y: Float32Array,
  dx: Float32Array,
): void {
  backward('maxPoolBackwardF32', native, maximum, shape, dy, { x, y }, dx);
}

/** Gradient of {@link avgPoolF32}: each dy in equal shares to the pixels of its window. Errors as there. */
export function avgPoolBackwardF32(
  native: NativeContext,
  shape: Pool2dShape,
  dy: Float32Array,
  dx: Float32Array,
  options: AveragePoolOptions = {},
): void {
  backward('avgPoolBackwardF32', native, averageOf(options), shape, dy, undefined, dx);
}

// — internals —

const maximum = 0;
const averageOf = ({ countsPadding = false }: AveragePoolOptions): number => (countsPadding ? 2 : 1);

const mostSide = 2 ** 24;
const sizes = ['batch', 'inHeight', 'inWidth', 'channels', 'outHeight', 'outWidth'] as const;
const factors = [
  'windowHeight',
  'windowWidth',
  'strideHeight',
  'strideWidth',
  'dilationHeight',
  'dilationWidth',
] as const;
const borders = ['padTop', 'padLeft'] as const;

function numbersOf(operation: string, shape: Pool2dShape): Pool2dArguments {
  for (const name of [...sizes, ...borders]) assertInteger(operation, name, shape[name], 0, mostSide);
  for (const name of factors) assertInteger(operation, name, shape[name], 1, mostSide);
  if (shape.windowHeight * shape.windowWidth > 2 ** 40) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'a window of at most 2^40 cells',
      received: `${shape.windowHeight} × ${shape.windowWidth}`,
    });
  }
  return [...sizes, ...factors, ...borders].map((name) => shape[name]) as Pool2dArguments;
}

function inCount(operation: string, shape: Pool2dShape): number {
  return checkedCount(operation, 'x', [shape.batch, shape.inHeight, shape.inWidth, shape.channels]);
}

function outCount(operation: string, shape: Pool2dShape): number {
  return checkedCount(operation, 'y', [shape.batch, shape.outHeight, shape.outWidth, shape.channels]);
}

function forward(
  operation: string,
  native: NativeContext,
  kind: number,
  shape: Pool2dShape,
  x: Float32Array,
  y: Float32Array,
): void {
  const numbers = numbersOf(operation, shape);
  assertArray(operation, 'x', x, 'Float32Array', inCount(operation, shape));
  assertArray(operation, 'y', y, 'Float32Array', outCount(operation, shape));
  assertSeparate(operation, y, x);
  checkStatus(operation, native.addon.pool2dF32(native.handle, kind, ...numbers, x, y));
}

function backward(
  operation: string,
  native: NativeContext,
  kind: number,
  shape: Pool2dShape,
  dy: Float32Array,
  saved: { readonly x: Float32Array; readonly y: Float32Array } | undefined,
  dx: Float32Array,
): void {
  const numbers = numbersOf(operation, shape);
  assertArray(operation, 'dy', dy, 'Float32Array', outCount(operation, shape));
  if (saved !== undefined) {
    assertArray(operation, 'x', saved.x, 'Float32Array', inCount(operation, shape));
    assertArray(operation, 'y', saved.y, 'Float32Array', outCount(operation, shape));
    assertSeparate(operation, dx, saved.x, saved.y);
  }
  assertArray(operation, 'dx', dx, 'Float32Array', inCount(operation, shape));
  assertSeparate(operation, dx, dy);
  const { x, y } = saved ?? { x: null, y: null };
  checkStatus(operation, native.addon.pool2dBackwardF32(native.handle, kind, ...numbers, dy, x, y, dx));
}
