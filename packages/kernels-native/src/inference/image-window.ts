import { InvalidArgumentError, ShapeMismatchError } from '@bitwright/core';
import { assertInteger } from '../arguments';
import type { ConvGeometryArguments } from './binding';

/** [N, H, W, C]. */
export type ImageShape = readonly [n: number, h: number, w: number, c: number];

/** How a window moves over an image. */
export interface WindowSteps {
  /** Default [1, 1]. */
  readonly strides?: readonly [number, number] | undefined;
  /** [top, left, bottom, right]; default all 0. */
  readonly pads?: readonly [number, number, number, number] | undefined;
}

/** Sizes of a window operation, ready for the addon. */
export interface ImageWindow {
  readonly outShape: ImageShape;
  readonly arguments: ConvGeometryArguments;
}

const largestSide = 2 ** 24;

/**
 * Output size of a window over an NHWC image:  ⌊(size + pads − reach)/stride⌋ + 1,  reach = (kernel − 1)·dilation + 1
 *
 * @throws {InvalidArgumentError} when a size, stride or pad is no integer in range, or a pad is not smaller than the window
 * @throws {ShapeMismatchError} when the shape has not four axes
 */
export function imageWindow(
  operation: string,
  inputShape: readonly number[],
  kernel: readonly [number, number],
  outputs: number,
  steps: WindowSteps,
  dilations: readonly [number, number] = [1, 1],
): ImageWindow {
  const [n, h, w] = assertImage(operation, inputShape);
  const { strides = [1, 1], pads = [0, 0, 0, 0] } = steps;
  for (const stride of strides) assertInteger(operation, 'strides', stride, 1, largestSide);
  for (const pad of pads) assertInteger(operation, 'pads', pad, 0, largestSide);
  const reach = [0, 1].map((axis) => ((kernel[axis] as number) - 1) * (dilations[axis] as number) + 1);
  if (pads.some((pad, i) => pad >= (reach[i % 2] as number))) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `pads smaller than the window (${reach.join('×')})`,
      received: `[${pads.join(',')}]`,
    });
  }
  const positions = (size: number, axis: 0 | 1): number => {
    const room = size + (pads[axis] as number) + (pads[axis + 2] as number) - (reach[axis] as number);
    return room < 0 ? 0 : Math.floor(room / (strides[axis] as number)) + 1;
  };
  const outShape: ImageShape = [n, positions(h, 0), positions(w, 1), outputs];
  const [, outHeight, outWidth] = outShape;
  return {
    outShape,
    arguments: [n, h, w, outHeight, outWidth, ...strides, ...dilations, pads[0], pads[1]],
  };
}

/** @throws {ShapeMismatchError} when the shape has not four axes of integer length */
export function assertImage(operation: string, shape: readonly number[]): ImageShape {
  if (shape.length !== 4 || !shape.every((d) => Number.isInteger(d) && d >= 0 && d <= largestSide)) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: 'an input shape [N, H, W, C]',
      received: `[${shape.join(',')}]`,
    });
  }
  return shape as unknown as ImageShape;
}
