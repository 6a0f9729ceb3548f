import { InvalidArgumentError } from '@bitwright/core';
import { assertArray } from '../arguments';

/**
 * An optional Float32Array: null where there is none.
 *
 * @throws {InvalidArgumentError | ShapeMismatchError} see assertArray
 */
export function optionalFloats(
  operation: string,
  name: string,
  array: Float32Array | null | undefined,
  length: number,
): Float32Array | null {
  if (array === undefined || array === null) return null;
  assertArray(operation, name, array, 'Float32Array', length);
  return array;
}

/**
 * An output that is written while inputs are still read must not share a byte with them.
 *
 * @throws {InvalidArgumentError} when it does
 */
export function assertSeparate(
  operation: string,
  out: ArrayBufferView,
  ...inputs: readonly (ArrayBufferView | null)[]
): void {
  for (const input of inputs) {
    if (input === null || input.buffer !== out.buffer || input.byteLength === 0) continue;
    if (input.byteOffset + input.byteLength <= out.byteOffset) continue;
    if (out.byteOffset + out.byteLength <= input.byteOffset) continue;
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'an output on memory of its own',
      received: 'an output that overlaps an input',
    });
  }
}
