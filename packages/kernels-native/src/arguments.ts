import { InvalidArgumentError, ShapeMismatchError } from '@bitwright/core';

interface TypedArrays {
  Float32Array: Float32Array;
  Float64Array: Float64Array;
  Int8Array: Int8Array;
  Uint8Array: Uint8Array;
  Int16Array: Int16Array;
  Uint16Array: Uint16Array;
  Int32Array: Int32Array;
  Uint32Array: Uint32Array;
}

/** Largest dimension or element count that the addon takes. */
export const mostElements: number = 2 ** 40;

/**
 * Checks one array before C++ sees its memory: its type, its length, and that its memory is its own and still there.
 *
 * @param length Exact number of elements; `undefined`: any.
 * @throws {InvalidArgumentError} when it is no such typed array, or lies in shared or resizable memory
 * @throws {ShapeMismatchError} when the length differs, as it does for a detached array (length 0)
 */
export function assertArray<Kind extends keyof TypedArrays>(
  operation: string,
  name: string,
  array: unknown,
  kind: Kind,
  length: number | undefined,
): asserts array is TypedArrays[Kind] {
  const view = array as Float32Array;
  if (!ArrayBuffer.isView(array) || view[Symbol.toStringTag] !== (kind as string)) {
    throw invalid(operation, `${name} as a ${kind}`, kindOf(array));
  }
  const buffer = view.buffer as ArrayBuffer & { readonly resizable?: boolean };
  if (buffer[Symbol.toStringTag] !== 'ArrayBuffer' || buffer.resizable === true) {
    throw invalid(operation, `${name} in memory of its own`, 'an array on a shared or resizable buffer', copyHint);
  }
  if (length !== undefined && view.length !== length) {
    throw new ShapeMismatchError({
      operation: prefixed(operation),
      expected: `${name} of length ${length}`,
      received: `length ${view.length}`,
      hint: view.length === 0 ? 'A transferred (detached) array has length 0.' : undefined,
    });
  }
}

/**
 * @throws {InvalidArgumentError} when the value is no integer within [low, high]
 */
export function assertInteger(
  operation: string,
  name: string,
  value: unknown,
  low: number,
  high: number = mostElements,
): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return;
  throw invalid(operation, `${name} as an integer within [${low}, ${high}]`, String(value));
}

/**
 * Checks dimensions and multiplies them.
 *
 * @throws {InvalidArgumentError} when a dimension is no integer ≥ 0 or the product is too large
 */
export function checkedCount(operation: string, name: string, shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    assertInteger(operation, `every dimension of ${name}`, size, 0);
    count *= size;
  }
  if (count > mostElements) throw invalid(operation, `at most 2^40 elements in ${name}`, `[${shape.join(',')}]`);
  return count;
}

/**
 * Output and inputs must not share bytes unless they are the same view (in place).
 *
 * @throws {InvalidArgumentError} when they overlap otherwise
 */
export function assertApart(operation: string, name: string, input: ArrayBufferView, out: ArrayBufferView): void {
  if (input.buffer !== out.buffer) return;
  const isSame = input.byteOffset === out.byteOffset && input.byteLength === out.byteLength;
  const isApart =
    input.byteOffset + input.byteLength <= out.byteOffset || out.byteOffset + out.byteLength <= input.byteOffset;
  if (isSame || isApart) return;
  throw invalid(operation, `out and ${name} on different memory, or exactly the same`, 'arrays that overlap');
}

// — internals —

const copyHint = 'Copy it into an array of its own first.';

function prefixed(operation: string): string {
  return `[kernels-native] ${operation}`;
}

function invalid(operation: string, expected: string, received: string, hint?: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: prefixed(operation), expected, received, hint });
}

function kindOf(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `a ${(value as Float32Array)[Symbol.toStringTag] ?? 'DataView'}`;
  return value === null ? 'null' : typeof value;
}
