import { InvalidArgumentError } from '@bitwright/core';
import { assertApart, assertArray } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { broadcastShapes } from './broadcast';
import { type BinaryOp, binaryOps, type CompareOp, compareOps, type UnaryOp, unaryOps } from './elementwise-ops';
import { assertSeparate } from './floats';

/** Parameters a and b of the operations that have them. */
export interface UnaryParameters {
  readonly a?: number | undefined;
  readonly b?: number | undefined;
}

/**
 * y = op(x), element by element, threaded; y may be x.
 *
 * Error: arithmetic, square root and roundings are exact IEEE operations; exp, expm1, log, log1p, sigmoid, silu, tanh,
 * softplus, elu and selu within 4 ULP, erf within 4·10⁻⁷; the rest is the C library's.
 *
 * @throws {InvalidArgumentError} when the operation is unknown, or y overlaps x partly
 * @throws {ShapeMismatchError} when the lengths differ
 */
export function unaryF32(
  native: NativeContext,
  op: UnaryOp,
  x: Float32Array,
  y: Float32Array,
  { a = 0, b = 0 }: UnaryParameters = {},
): void {
  const operation = 'unaryF32';
  const code = codeOf(operation, unaryOps, op);
  assertArray(operation, 'x', x, 'Float32Array', undefined);
  assertArray(operation, 'y', y, 'Float32Array', x.length);
  assertApart(operation, 'x', x, y);
  checkStatus(operation, native.addon.unaryF32(native.handle, code, x.length, x, a, b, y));
}

/**
 * y = op(a, b), element by element with numpy's broadcasting, threaded. y may be an operand of its own shape.
 *
 * @returns the shape of y
 * @throws {ShapeMismatchError} when the shapes do not broadcast, or an array has not the length of its shape
 * @throws {InvalidArgumentError} when the operation is unknown, or y overlaps an operand that it may not
 */
export function binaryF32(
  native: NativeContext,
  op: BinaryOp,
  shapeA: readonly number[],
  a: Float32Array,
  shapeB: readonly number[],
  b: Float32Array,
  y: Float32Array,
  options: { readonly parameter?: number | undefined; readonly limit?: number | undefined } = {},
): readonly number[] {
  const operation = 'binaryF32';
  const code = codeOf(operation, binaryOps, op);
  const broadcast = broadcastShapes(operation, shapeA, shapeB);
  assertArray(operation, 'a', a, 'Float32Array', broadcast.countA);
  assertArray(operation, 'b', b, 'Float32Array', broadcast.countB);
  assertArray(operation, 'y', y, 'Float32Array', broadcast.count);
  for (const operand of [a, b]) {
    if (operand.length === y.length) assertApart(operation, 'an operand', operand, y);
    else assertSeparate(operation, y, operand);
  }
  checkStatus(
    operation,
    native.addon.binaryF32(native.handle, code, broadcast.numbers, a, b, options.parameter ?? 0, options.limit ?? 0, y),
  );
  return broadcast.shape;
}

/**
 * y = op(a, b) ? 1 : 0, element by element with numpy's broadcasting. A comparison with NaN is false, notEqual true.
 *
 * @returns the shape of y
 * @throws {ShapeMismatchError | InvalidArgumentError} see {@link binaryF32}
 */
export function compareF32(
  native: NativeContext,
  op: CompareOp,
  shapeA: readonly number[],
  a: Float32Array,
  shapeB: readonly number[],
  b: Float32Array,
  y: Uint8Array,
): readonly number[] {
  const operation = 'compareF32';
  const code = codeOf(operation, compareOps, op);
  const broadcast = broadcastShapes(operation, shapeA, shapeB);
  assertArray(operation, 'a', a, 'Float32Array', broadcast.countA);
  assertArray(operation, 'b', b, 'Float32Array', broadcast.countB);
  assertArray(operation, 'y', y, 'Uint8Array', broadcast.count);
  assertSeparate(operation, y, a, b);
  checkStatus(operation, native.addon.compareF32(native.handle, code, broadcast.numbers, a, b, y));
  return broadcast.shape;
}

/**
 * y = condition ? a : b, element by element; all of one length. y may be a or b.
 *
 * @throws {ShapeMismatchError | InvalidArgumentError} when the lengths differ, or y overlaps an input partly
 */
export function selectF32(
  native: NativeContext,
  condition: Uint8Array,
  a: Float32Array,
  b: Float32Array,
  y: Float32Array,
): void {
  const operation = 'selectF32';
  assertArray(operation, 'condition', condition, 'Uint8Array', undefined);
  assertArray(operation, 'a', a, 'Float32Array', condition.length);
  assertArray(operation, 'b', b, 'Float32Array', condition.length);
  assertArray(operation, 'y', y, 'Float32Array', condition.length);
  assertSeparate(operation, y, condition);
  assertApart(operation, 'a', a, y);
  assertApart(operation, 'b', b, y);
  checkStatus(operation, native.addon.selectF32(native.handle, y.length, condition, a, b, y));
}

// — internals —

function codeOf<Op extends string>(operation: string, ops: readonly Op[], op: Op): number {
  const code = ops.indexOf(op);
  if (code >= 0) return code;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: `one of ${ops.join(', ')}`,
    received: String(op),
  });
}
