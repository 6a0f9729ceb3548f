import { assertArray } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { type ClampActivation, clampBounds } from './activation';
import { type Conv2dShape, checkConv2d } from './conv2d-shape';
import { assertSeparate, optionalFloats } from './floats';
import { matrixOperand, type PackedMatrixF32 } from './packed-matrix';

export interface Conv2dOptions {
  /** [outChannels] */
  readonly bias?: Float32Array | null | undefined;
  /** Shape of y, added before the activation. */
  readonly residual?: Float32Array | null | undefined;
  readonly activation?: ClampActivation | undefined;
}

/**
 * 2-D convolution of float32 images, threaded.
 *
 * Formula:  y(n,i,j,o) = activation(Σ_{f,g,c} x(n, i·sh − pt + f·dh, j·sw − pl + g·dw, c) · filter(f,g,c,o) + bias(o) + residual)
 * Method:   3×3 filters with stride 1 and 8 channels or more by Winograd's F(4×4, 3×3), unless the filter is packed; else directly
 * Error:    to first order, |y − exact| ≤ (fh·fw·C + 5) · 2⁻²⁴ · Σ|x|·|filter| directly, ≤ (C + 40) · 2⁻¹⁶ · max|x| · Σ|filter| by
 *           Winograd (typically twice that of the direct way, docs/kernels-float.md); the same bits for any number of threads
 *
 * @param filter [filterHeight, filterWidth, inChannels, outChannels], or that as a packed matrix.
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when a size is out of range, the filter was packed for another shape or instruction set, or y
 *   overlaps an input
 */
export function conv2dF32(
  native: NativeContext,
  shape: Conv2dShape,
  x: Float32Array,
  filter: Float32Array | PackedMatrixF32,
  y: Float32Array,
  options: Conv2dOptions = {},
): void {
  const operation = 'conv2dF32';
  const checked = checkConv2d(operation, shape);
  assertArray(operation, 'x', x, 'Float32Array', checked.x);
  const rows = shape.filterHeight * shape.filterWidth * shape.inChannels;
  const operand = matrixOperand(operation, native, 'filter', filter, rows, shape.outChannels, filterCount(shape));
  assertArray(operation, 'y', y, 'Float32Array', checked.y);
  const bias = optionalFloats(operation, 'bias', options.bias, shape.outChannels);
  const residual = optionalFloats(operation, 'residual', options.residual, checked.y);
  assertSeparate(operation, y, x, operand.data, bias, residual);
  const bounds = clampBounds(operation, options.activation);
  checkStatus(
    operation,
    native.addon.conv2dF32(
      native.handle,
      ...checked.numbers,
      x,
      operand.data,
      operand.isPacked,
      bias,
      residual,
      y,
      ...bounds,
    ),
  );
}

/** What happens to a gradient while it is in registers. */
export interface Conv2dBackwardInputOptions {
  /** Shape of dx, added before the gate: the gradient that comes another way. */
  readonly residual?: Float32Array | null | undefined;
  /** Shape of dx: dx is 0 wherever this is not above 0. The gradient of a relu whose output the convolution read. */
  readonly gate?: Float32Array | null | undefined;
}

/**
 * Gradient of a convolution with respect to its input; also the transposed convolution of dy.
 *
 * Formula:  dx(n,h,w,c) = Σ_{f,g,o} dy(n,i,j,o) · filter(f,g,c,o) over all i, j with i·sh − pt + f·dh = h, j·sw − pl + g·dw = w,
 *           plus residual, then 0 where the gate is not above 0
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} see {@link conv2dF32}
 */
export function conv2dBackwardInputF32(
  native: NativeContext,
  shape: Conv2dShape,
  dy: Float32Array,
  filter: Float32Array,
  dx: Float32Array,
  options: Conv2dBackwardInputOptions = {},
): void {
  const operation = 'conv2dBackwardInputF32';
  const checked = checkConv2d(operation, shape);
  assertArray(operation, 'dy', dy, 'Float32Array', checked.y);
  assertArray(operation, 'filter', filter, 'Float32Array', filterCount(shape));
  assertArray(operation, 'dx', dx, 'Float32Array', checked.x);
  const residual = optionalFloats(operation, 'residual', options.residual, checked.x);
  const gate = optionalFloats(operation, 'gate', options.gate, checked.x);
  assertSeparate(operation, dx, dy, filter, residual, gate);
  const arrays = [dy, filter, residual, gate, dx] as const;
  checkStatus(operation, native.addon.conv2dBackwardInputF32(native.handle, ...checked.numbers, ...arrays));
}

/**
 * Gradient of a convolution with respect to its filter, and to its bias where asked for.
 *
 * Formula:  dfilter(f,g,c,o) = Σ_{n,i,j} x(n, i·sh − pt + f·dh, j·sw − pl + g·dw, c) · dy(n,i,j,o);  dbias(o) = Σ_{n,i,j} dy(n,i,j,o)
 * Method:   3×3 filters with stride 1 and 8 channels or more through the adjoint of Winograd's F(4×4, 3×3); else directly
 * Order:    parts of the batch that depend on the shape alone, added in order: the same bits for any number of threads
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} see {@link conv2dF32}
 */
export function conv2dBackwardFilterF32(
  native: NativeContext,
  shape: Conv2dShape,
  x: Float32Array,
  dy: Float32Array,
  dfilter: Float32Array,
  options: { readonly dbias?: Float32Array | null | undefined } = {},
): void {
  const operation = 'conv2dBackwardFilterF32';
  const checked = checkConv2d(operation, shape);
  assertArray(operation, 'x', x, 'Float32Array', checked.x);
  assertArray(operation, 'dy', dy, 'Float32Array', checked.y);
  assertArray(operation, 'dfilter', dfilter, 'Float32Array', filterCount(shape));
  const dbias = optionalFloats(operation, 'dbias', options.dbias, shape.outChannels);
  assertSeparate(operation, dfilter, x, dy, dbias);
  if (dbias !== null) assertSeparate(operation, dbias, x, dy);
  checkStatus(
    operation,
    native.addon.conv2dBackwardFilterF32(native.handle, ...checked.numbers, x, dy, dfilter, dbias),
  );
}

// — internals —

function filterCount(shape: Conv2dShape): number {
  return shape.filterHeight * shape.filterWidth * shape.inChannels * shape.outChannels;
}
