import { InvalidArgumentError } from '@bitwright/core';
import { assertArray } from '../arguments';
import type { ByteOrWordCodes } from './binding';

const ranges = {
  Int8Array: [-128, 127],
  Uint8Array: [0, 255],
  Int16Array: [-32768, 32767],
  Uint16Array: [0, 65535],
} as const;

/**
 * Checks an array of 8- or 16-bit codes.
 *
 * @throws {InvalidArgumentError} when it is of another type, lies in shared memory, or cannot hold [qmin, qmax]
 * @throws {ShapeMismatchError} when the length differs
 */
export function assertByteOrWordCodes(
  operation: string,
  name: string,
  array: unknown,
  length: number,
  codes?: { readonly qmin: number; readonly qmax: number },
): asserts array is ByteOrWordCodes {
  const kind = (array as { readonly [Symbol.toStringTag]?: string } | null)?.[Symbol.toStringTag];
  if (kind !== 'Int8Array' && kind !== 'Uint8Array' && kind !== 'Int16Array' && kind !== 'Uint16Array') {
    throw refuse(operation, `${name} as an array of 8- or 16-bit codes`, kind ?? typeof array);
  }
  assertArray(operation, name, array, kind, length);
  const [low, high] = ranges[kind];
  if (codes !== undefined && (codes.qmin < low || codes.qmax > high)) {
    throw refuse(operation, `${name} as an array for codes [${codes.qmin}, ${codes.qmax}]`, kind);
  }
}

// — internals —

function refuse(operation: string, expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: `[kernels-native] ${operation}`, expected, received });
}
