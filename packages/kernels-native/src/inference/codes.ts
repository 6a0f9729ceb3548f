import { codesOf, InvalidArgumentError } from '@bitwright/core';
import { assertArray, assertInteger } from '../arguments';

/** Eight-bit codes, one per byte. */
export type Codes = Int8Array | Uint8Array;

/**
 * Checks an array of eight-bit codes.
 *
 * @throws {InvalidArgumentError} when it is neither an Int8Array nor a Uint8Array, or lies in shared or resizable memory
 * @throws {ShapeMismatchError} when the length differs
 */
export function assertCodes(operation: string, name: string, codes: Codes, length: number): void {
  assertArray(operation, name, codes, codes instanceof Int8Array ? 'Int8Array' : 'Uint8Array', length);
}

/**
 * A zero point must be a code of its array.
 *
 * @throws {InvalidArgumentError} when it is no integer within the codes
 */
export function assertZeroPoint(operation: string, name: string, zeroPoint: number, codes: Codes): void {
  const { qmin, qmax } = codesOf(codes);
  assertInteger(operation, name, zeroPoint, qmin, qmax);
}

/**
 * Codes an output may have: within its array, and in order.
 *
 * @throws {InvalidArgumentError} when they are not
 */
export function assertCodeRange(
  operation: string,
  range: { readonly zeroPoint: number; readonly qmin: number; readonly qmax: number },
  out: Codes,
): void {
  const { qmin, qmax } = codesOf(out);
  assertInteger(operation, 'zeroPoint of the output', range.zeroPoint, qmin, qmax);
  assertInteger(operation, 'qmin', range.qmin, qmin, qmax);
  assertInteger(operation, 'qmax', range.qmax, range.qmin, qmax);
}

/**
 * Multipliers must be finite: anything else would make codes of NaN.
 *
 * @throws {InvalidArgumentError} naming the first one that is not
 */
export function assertFinite(operation: string, name: string, values: Float32Array): void {
  let index = 0;
  while (index < values.length && Number.isFinite(values[index])) index++;
  if (index === values.length) return;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: `finite values in ${name}`,
    received: `${values[index]} at index ${index}`,
  });
}
