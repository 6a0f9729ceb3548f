import { InvalidArgumentError } from '@bitwright/core';
import { assertArray, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { type ClampActivation, clampBounds } from './activation';
import { type CheckedConv2d, type Conv2dShape, checkConv2d } from './conv2d-shape';
import { assertSeparate, optionalFloats } from './floats';

/**
 * Depthwise convolution, threaded. outChannels = inChannels · m, and output channel c·m + q reads input channel c only.
 *
 * Formula: y(n,i,j,c·m+q) = activation(Σ_{f,g} x(n, i·sh − pt + f·dh, j·sw − pl + g·dw, c) · filter(f,g,c,q) + bias(c·m+q))
 * Shapes:  filter [filterHeight, filterWidth, inChannels, m]
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when a size is out of range, outChannels is no multiple of inChannels, or y overlaps an input
 */
export function depthwiseConv2dF32(
  native: NativeContext,
  shape: Conv2dShape,
  x: Float32Array,
  filter: Float32Array,
  y: Float32Array,
  options: {
    readonly bias?: Float32Array | null | undefined;
    readonly activation?: ClampActivation | undefined;
  } = {},
): void {
  const operation = 'depthwiseConv2dF32';
  const checked = checkDepthwise(operation, shape);
  assertArray(operation, 'x', x, 'Float32Array', checked.x);
  assertArray(operation, 'filter', filter, 'Float32Array', filterCount(shape));
  assertArray(operation, 'y', y, 'Float32Array', checked.y);
  const bias = optionalFloats(operation, 'bias', options.bias, shape.outChannels);
  assertSeparate(operation, y, x, filter, bias);
  const bounds = clampBounds(operation, options.activation);
  checkStatus(
    operation,
    native.addon.depthwiseConv2dF32(native.handle, ...checked.numbers, x, filter, bias, y, ...bounds),
  );
}

/** Gradient of a depthwise convolution with respect to its input. Errors as {@link depthwiseConv2dF32}. */
export function depthwiseBackwardInputF32(
  native: NativeContext,
  shape: Conv2dShape,
  dy: Float32Array,
  filter: Float32Array,
  dx: Float32Array,
): void {
  const operation = 'depthwiseBackwardInputF32';
  const checked = checkDepthwise(operation, shape);
  assertArray(operation, 'dy', dy, 'Float32Array', checked.y);
  assertArray(operation, 'filter', filter, 'Float32Array', filterCount(shape));
  assertArray(operation, 'dx', dx, 'Float32Array', checked.x);
  assertSeparate(operation, dx, dy, filter);
  checkStatus(operation, native.addon.depthwiseBackwardInputF32(native.handle, ...checked.numbers, dy, filter, dx));
}

/**
 * Gradient of a depthwise convolution with respect to its filter; the same bits for any number of threads.
 * Errors as {@link depthwiseConv2dF32}.
 */
export function depthwiseBackwardFilterF32(
  native: NativeContext,
  shape: Conv2dShape,
  x: Float32Array,
  dy: Float32Array,
  dfilter: Float32Array,
): void {
  const operation = 'depthwiseBackwardFilterF32';
  const checked = checkDepthwise(operation, shape);
  assertArray(operation, 'x', x, 'Float32Array', checked.x);
  assertArray(operation, 'dy', dy, 'Float32Array', checked.y);
  assertArray(operation, 'dfilter', dfilter, 'Float32Array', filterCount(shape));
  assertSeparate(operation, dfilter, x, dy);
  checkStatus(operation, native.addon.depthwiseBackwardFilterF32(native.handle, ...checked.numbers, x, dy, dfilter));
}

// — internals —

function checkDepthwise(operation: string, shape: Conv2dShape): CheckedConv2d {
  const checked = checkConv2d(operation, shape);
  const { inChannels, outChannels } = shape;
  if (inChannels === 0 ? outChannels !== 0 : outChannels % inChannels !== 0) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'outChannels as a multiple of inChannels',
      received: `${outChannels} of ${inChannels}`,
    });
  }
  const lines = shape.outHeight * shape.strideHeight + shape.filterHeight * shape.dilationHeight;
  const columns = shape.outWidth * shape.strideWidth + shape.filterWidth * shape.dilationWidth;
  checkedCount(operation, 'the padded input', [lines, columns, outChannels + 1]);
  return checked;
}

function filterCount(shape: Conv2dShape): number {
  return shape.filterHeight * shape.filterWidth * shape.outChannels;
}
