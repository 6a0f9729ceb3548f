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
  /** The shape of the input, checked. */
  readonly inShape: ImageShape;
  readonly outShape: ImageShape;
  readonly arguments: ConvGeometryArguments;
}

const largestSide = 2 ** 24;
const noSteps = [1, 1] as const;
const noPads = [0, 0, 0, 0] as const;

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
  dilations: readonly [number, number] = noSteps,
): ImageWindow {
  const inShape = assertImage(operation, inputShape);
  const [n, h, w] = inShape;
  const { strides = noSteps, pads = noPads } = steps;
  const [strideY, strideX] = strides;
  const [top, left, bottom, right] = pads;
  assertInteger(operation, 'strides', strideY, 1, largestSide);
  assertInteger(operation, 'strides', strideX, 1, largestSide);
  for (let side = 0; side < 4; side++) assertInteger(operation, 'pads', pads[side], 0, largestSide);
  const reachY = (kernel[0] - 1) * dilations[0] + 1;
  const reachX = (kernel[1] - 1) * dilations[1] + 1;
  if (top >= reachY || bottom >= reachY || left >= reachX || right >= reachX) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `pads smaller than the window (${reachY}×${reachX})`,
      received: `[${pads.join(',')}]`,
    });
  }
  const outHeight = positions(h + top + bottom - reachY, strideY);
  const outWidth = positions(w + left + right - reachX, strideX);
  return {
    inShape,
    outShape: [n, outHeight, outWidth, outputs],
    arguments: [n, h, w, outHeight, outWidth, strideY, strideX, dilations[0], dilations[1], top, left],
  };
}

/** @throws {ShapeMismatchError} when the shape has not four axes of integer length */
export function assertImage(operation: string, shape: readonly number[]): ImageShape {
  let isImage = shape.length === 4;
  for (const size of shape) isImage = isImage && Number.isInteger(size) && size >= 0 && size <= largestSide;
  if (!isImage) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: 'an input shape [N, H, W, C]',
      received: `[${shape.join(',')}]`,
    });
  }
  return shape as unknown as ImageShape;
}

/**
 * Elements of an image whose sizes were checked.
 *
 * @throws {InvalidArgumentError} for more than 2^40
 */
export function imageCount(operation: string, [n, h, w, c]: ImageShape): number {
  const count = n * h * w * c;
  assertInteger(operation, 'the number of elements', count, 0);
  return count;
}

// — internals —

/** ⌊room / stride⌋ + 1 where the window fits at all. */
function positions(room: number, stride: number): number {
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}
