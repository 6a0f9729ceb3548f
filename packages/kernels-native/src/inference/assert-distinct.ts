import { InvalidArgumentError } from '@bitwright/core';

/**
 * For operations that read an input again after they wrote results: output and input must not share a byte.
 *
 * @throws {InvalidArgumentError} when they do
 */
export function assertDistinct(operation: string, name: string, input: ArrayBufferView, out: ArrayBufferView): void {
  const isApart =
    input.buffer !== out.buffer ||
    input.byteOffset + input.byteLength <= out.byteOffset ||
    out.byteOffset + out.byteLength <= input.byteOffset;
  if (isApart) return;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: `out and ${name} on different memory`,
    received: 'arrays that overlap',
  });
}
