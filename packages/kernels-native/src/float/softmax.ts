import { assertApart, assertArray, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertSeparate, optionalFloats } from './floats';

/** A tensor whose last axis are the columns, everything before it taken together as rows. */
export interface RowShape {
  readonly rows: number;
  readonly columns: number;
}

/**
 * y = e^(x − max) / Σ e^(x − max) along each row; y may be x.
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when an array does not fit the shape, or y overlaps x partly
 */
export function softmaxF32(native: NativeContext, shape: RowShape, x: Float32Array, y: Float32Array): void {
  forward('softmaxF32', native, 0, shape, x, y);
}

/** y = x − max − log Σ e^(x − max) along each row; y may be x. Errors as {@link softmaxF32}. */
export function logSoftmaxF32(native: NativeContext, shape: RowShape, x: Float32Array, y: Float32Array): void {
  forward('logSoftmaxF32', native, 1, shape, x, y);
}

/** Gradient of y = softmax(x): dx = y · (dy − Σ dy·y) along each row; dx may be dy. Errors as {@link softmaxF32}. */
export function softmaxBackwardF32(
  native: NativeContext,
  shape: RowShape,
  dy: Float32Array,
  y: Float32Array,
  dx: Float32Array,
): void {
  backward('softmaxBackwardF32', native, 0, shape, dy, y, dx);
}

/** Gradient of y = log softmax(x): dx = dy − eʸ · Σ dy along each row; dx may be dy. Errors as {@link softmaxF32}. */
export function logSoftmaxBackwardF32(
  native: NativeContext,
  shape: RowShape,
  dy: Float32Array,
  y: Float32Array,
  dx: Float32Array,
): void {
  backward('logSoftmaxBackwardF32', native, 1, shape, dy, y, dx);
}

/**
 * Cross entropy of softmax(logits) against label weights, with its gradient where asked for.
 *
 * Formula: loss[r] = −Σ_c labels[r][c] · log softmax(logits)[r][c];  dlogits = softmax(logits) · Σ_c labels − labels
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when an array does not fit the shape, or outputs overlap inputs
 */
export function softmaxCrossEntropyF32(
  native: NativeContext,
  shape: RowShape,
  logits: Float32Array,
  labels: Float32Array,
  out: { readonly loss: Float32Array; readonly dlogits?: Float32Array | null | undefined },
): void {
  const operation = 'softmaxCrossEntropyF32';
  const { rows, columns } = shape;
  const count = checkedCount(operation, 'logits', [rows, columns]);
  assertArray(operation, 'logits', logits, 'Float32Array', count);
  assertArray(operation, 'labels', labels, 'Float32Array', count);
  assertArray(operation, 'loss', out.loss, 'Float32Array', rows);
  const dlogits = optionalFloats(operation, 'dlogits', out.dlogits, count);
  assertSeparate(operation, out.loss, logits, labels, dlogits);
  if (dlogits !== null) assertSeparate(operation, dlogits, logits, labels);
  checkStatus(
    operation,
    native.addon.softmaxCrossEntropyF32(native.handle, rows, columns, logits, labels, out.loss, dlogits),
  );
}

// — internals —

function forward(
  operation: string,
  native: NativeContext,
  logarithm: number,
  { rows, columns }: RowShape,
  x: Float32Array,
  y: Float32Array,
): void {
  const count = checkedCount(operation, 'x', [rows, columns]);
  assertArray(operation, 'x', x, 'Float32Array', count);
  assertArray(operation, 'y', y, 'Float32Array', count);
  assertApart(operation, 'x', x, y);
  checkStatus(operation, native.addon.softmaxF32(native.handle, logarithm, rows, columns, x, y));
}

function backward(
  operation: string,
  native: NativeContext,
  logarithm: number,
  { rows, columns }: RowShape,
  dy: Float32Array,
  y: Float32Array,
  dx: Float32Array,
): void {
  const count = checkedCount(operation, 'y', [rows, columns]);
  assertArray(operation, 'dy', dy, 'Float32Array', count);
  assertArray(operation, 'y', y, 'Float32Array', count);
  assertArray(operation, 'dx', dx, 'Float32Array', count);
  assertApart(operation, 'dy', dy, dx);
  assertApart(operation, 'y', y, dx);
  checkStatus(operation, native.addon.softmaxBackwardF32(native.handle, logarithm, rows, columns, dy, y, dx));
}
