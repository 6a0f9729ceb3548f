import type { FloatConv2d } from '@bitwright/core';
import { assertInteger, checkedCount } from '../arguments';
import type { Conv2dArguments } from './binding';

/**
 * A 2-D convolution in one group, NHWC with HWIO filters: x [batch, inHeight, inWidth, inChannels],
 * filter [filterHeight, filterWidth, inChannels, outChannels], y [batch, outHeight, outWidth, outChannels].
 */
export type Conv2dShape = Omit<FloatConv2d, 'groups'>;

/** Element counts of a convolution and its numbers in the order of the addon. */
export interface CheckedConv2d {
  readonly numbers: Conv2dArguments;
  readonly x: number;
  readonly y: number;
}

/** Largest side of an image or a filter, stride, dilation or border. */
const mostSide = 2 ** 24;

/**
 * @throws {InvalidArgumentError} when a size is no integer ≥ 0 (strides, dilations and filter sizes: ≥ 1), or too large
 */
export function checkConv2d(operation: string, shape: Conv2dShape): CheckedConv2d {
  for (const name of sizes) assertInteger(operation, name, shape[name], 0, mostSide);
  for (const name of factors) assertInteger(operation, name, shape[name], 1, mostSide);
  const lines = shape.outHeight * shape.strideHeight + shape.filterHeight * shape.dilationHeight;
  const columns = shape.outWidth * shape.strideWidth + shape.filterWidth * shape.dilationWidth;
  checkedCount(operation, 'the padded input', [lines, columns, shape.inChannels + 1]);
  checkedCount(operation, 'the padded output', [
    shape.inHeight + lines,
    shape.inWidth + columns,
    shape.outChannels + 1,
  ]);
  checkedCount(operation, 'the filter', [
    shape.filterHeight,
    shape.filterWidth,
    shape.inChannels + 1,
    shape.outChannels + 1,
  ]);
  return {
    numbers: [
      shape.batch,
      shape.inHeight,
      shape.inWidth,
      shape.inChannels,
      shape.outHeight,
      shape.outWidth,
      shape.outChannels,
      shape.filterHeight,
      shape.filterWidth,
      shape.strideHeight,
      shape.strideWidth,
      shape.dilationHeight,
      shape.dilationWidth,
      shape.padTop,
      shape.padLeft,
    ],
    x: checkedCount(operation, 'x', [shape.batch, shape.inHeight, shape.inWidth, shape.inChannels]),
    y: checkedCount(operation, 'y', [shape.batch, shape.outHeight, shape.outWidth, shape.outChannels]),
  };
}

const sizes = [
  'batch',
  'inHeight',
  'inWidth',
  'inChannels',
  'outHeight',
  'outWidth',
  'outChannels',
  'padTop',
  'padLeft',
] as const;

const factors = [
  'filterHeight',
  'filterWidth',
  'strideHeight',
  'strideWidth',
  'dilationHeight',
  'dilationWidth',
] as const;
