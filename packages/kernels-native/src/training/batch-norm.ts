import { InvalidArgumentError } from '@bitwright/core';
import { assertApart, assertArray, checkedCount } from '../arguments';
import { type ClampActivation, clampBounds } from '../float/activation';
import { assertSeparate, optionalFloats } from '../float/floats';
import { checkStatus, type NativeContext } from '../native-context';

/** A tensor whose last axis are the channels, everything before it taken together as rows. */
export interface ChannelShape {
  readonly rows: number;
  readonly channels: number;
}

export interface BatchNormShape extends ChannelShape {
  /** Added to the variance. */
  readonly epsilon: number;
}

export interface BatchNormOptions {
  /** Shape of y, added before the activation. */
  readonly residual?: Float32Array | null | undefined;
  readonly activation?: ClampActivation | undefined;
}

/**
 * Mean and population variance of every channel.
 *
 * Formula:  mean[c] = Σ_r x[r][c] / rows;  variance[c] = Σ_r (x[r][c] − mean[c])² / rows
 * Method:   one pass around a first estimate of the mean; blocks in float, their sum in double, so large offsets do not cancel
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when an array does not fit the shape, or outputs overlap x
 */
export function momentsF32(
  native: NativeContext,
  shape: ChannelShape,
  x: Float32Array,
  out: { readonly mean: Float32Array; readonly variance: Float32Array },
): void {
  const operation = 'momentsF32';
  const { rows, channels } = shape;
  assertArray(operation, 'x', x, 'Float32Array', checkedCount(operation, 'x', [rows, channels]));
  assertArray(operation, 'mean', out.mean, 'Float32Array', channels);
  assertArray(operation, 'variance', out.variance, 'Float32Array', channels);
  assertSeparate(operation, out.mean, x, out.variance);
  assertSeparate(operation, out.variance, x);
  checkStatus(operation, native.addon.momentsF32(native.handle, rows, channels, x, out.mean, out.variance));
}

/**
 * Batch normalization with given statistics, as in inference. y may be x or the residual.
 *
 * Formula:  y = activation((x − mean[c]) / √(variance[c] + ε) · gamma[c] + beta[c] (+ residual));  gamma 1 and beta 0 when null
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when an array does not fit the shape, or y overlaps an input partly
 */
export function batchNormInferF32(
  native: NativeContext,
  shape: BatchNormShape,
  x: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  gamma: Float32Array | null,
  beta: Float32Array | null,
  y: Float32Array,
  options: BatchNormOptions = {},
): void {
  const operation = 'batchNormInferF32';
  const { rows, channels, epsilon } = shape;
  const count = checkedCount(operation, 'x', [rows, channels]);
  assertEpsilon(operation, epsilon);
  assertArray(operation, 'x', x, 'Float32Array', count);
  assertArray(operation, 'mean', mean, 'Float32Array', channels);
  assertArray(operation, 'variance', variance, 'Float32Array', channels);
  optionalFloats(operation, 'gamma', gamma, channels);
  optionalFloats(operation, 'beta', beta, channels);
  const residual = optionalFloats(operation, 'residual', options.residual, count);
  assertArray(operation, 'y', y, 'Float32Array', count);
  assertApart(operation, 'x', x, y);
  if (residual !== null) assertApart(operation, 'residual', residual, y);
  assertSeparate(operation, y, mean, variance, gamma, beta);
  const bounds = clampBounds(operation, options.activation);
  checkStatus(
    operation,
    native.addon.batchNormF32(
      native.handle,
      rows,
      channels,
      epsilon,
      x,
      mean,
      variance,
      gamma,
      beta,
      residual,
      y,
      ...bounds,
    ),
  );
}

/**
 * Batch normalization with the statistics of the batch, as in training: two passes over x.
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} see {@link momentsF32} and {@link batchNormInferF32}
 */
export function batchNormTrainF32(
  native: NativeContext,
  shape: BatchNormShape,
  x: Float32Array,
  gamma: Float32Array | null,
  beta: Float32Array | null,
  out: { readonly y: Float32Array; readonly mean: Float32Array; readonly variance: Float32Array },
  options: BatchNormOptions = {},
): void {
  momentsF32(native, shape, x, out);
  batchNormInferF32(native, shape, x, out.mean, out.variance, gamma, beta, out.y, options);
}

/**
 * Gradient of {@link batchNormTrainF32}, statistics included: two passes. dx may be dy.
 *
 * Formula:  g = dy, or dy · (y > 0) with y given (the result after ReLU);  h = (x − mean) / √(variance + ε);  n = rows
 *           dbeta = Σ g;  dgamma = Σ g·h;  dx = gamma / √(variance + ε) · (g − dbeta / n − h · dgamma / n)
 * Source:   Ioffe and Szegedy 2015, arXiv:1502.03167 §3
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when an array does not fit the shape, or outputs overlap inputs
 */
export function batchNormBackwardF32(
  native: NativeContext,
  shape: BatchNormShape,
  dy: Float32Array,
  x: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  gamma: Float32Array | null,
  out: {
    readonly dx: Float32Array;
    readonly dgamma?: Float32Array | null | undefined;
    readonly dbeta?: Float32Array | null | undefined;
  },
  options: { readonly y?: Float32Array | null | undefined } = {},
): void {
  const operation = 'batchNormBackwardF32';
  const { rows, channels, epsilon } = shape;
  const count = checkedCount(operation, 'x', [rows, channels]);
  assertEpsilon(operation, epsilon);
  assertArray(operation, 'dy', dy, 'Float32Array', count);
  assertArray(operation, 'x', x, 'Float32Array', count);
  const y = optionalFloats(operation, 'y', options.y, count);
  assertArray(operation, 'mean', mean, 'Float32Array', channels);
  assertArray(operation, 'variance', variance, 'Float32Array', channels);
  optionalFloats(operation, 'gamma', gamma, channels);
  assertArray(operation, 'dx', out.dx, 'Float32Array', count);
  const dgamma = optionalFloats(operation, 'dgamma', out.dgamma, channels);
  const dbeta = optionalFloats(operation, 'dbeta', out.dbeta, channels);
  for (const input of y === null ? [dy, x] : [dy, x, y]) assertApart(operation, 'an input', input, out.dx);
  assertSeparate(operation, out.dx, mean, variance, gamma, dgamma, dbeta);
  for (const sums of [dgamma, dbeta])
    if (sums !== null) assertSeparate(operation, sums, dy, x, y, mean, variance, gamma);
  checkStatus(
    operation,
    native.addon.batchNormBackwardF32(
      native.handle,
      rows,
      channels,
      epsilon,
      dy,
      x,
      y,
      mean,
      variance,
      gamma,
      out.dx,
      dgamma,
      dbeta,
    ),
  );
}

// — internals —

function assertEpsilon(operation: string, epsilon: number): void {
  if (epsilon >= 0 && Number.isFinite(epsilon)) return;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: 'epsilon as a finite number ≥ 0',
    received: String(epsilon),
  });
}
