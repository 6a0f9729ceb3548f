import { InvalidArgumentError } from '@bitwright/core';
import { assertArray, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';

/** A constant matrix [k, n] in the order in which the kernels of one instruction set read it. */
export interface PackedMatrixF32 {
  readonly k: number;
  readonly n: number;
  readonly isa: string;
  readonly data: Float32Array;
}

/**
 * Packs a matrix once for many products: gemmF32's b, or, as [filterHeight · filterWidth · inChannels, outChannels], the
 * filter of conv2dF32. Pays where the other operand has few rows: inference at batch 1.
 *
 * @param shape `transpose`: b is stored [n, k]
 * @throws {ShapeMismatchError | InvalidArgumentError} when b has not the length of its shape
 */
export function packMatrixF32(
  native: NativeContext,
  shape: { readonly k: number; readonly n: number; readonly transpose?: boolean | undefined },
  b: Float32Array,
): PackedMatrixF32 {
  const operation = 'packMatrixF32';
  const { k, n, transpose = false } = shape;
  assertArray(operation, 'b', b, 'Float32Array', checkedCount(operation, 'b', [k, n]));
  checkedCount(operation, 'the packed matrix', [k, n + 32]);
  const data = new Float32Array(native.addon.packedSizeF32(native.handle, k, n));
  checkStatus(operation, native.addon.packF32(native.handle, k, n, Number(transpose), transpose ? k : n, b, data));
  return Object.freeze({ k, n, isa: native.isa, data });
}

/** An operand as the addon takes it: floats, and whether they are packed. */
export interface MatrixOperand {
  readonly data: Float32Array;
  readonly isPacked: number;
}

/**
 * Checks a matrix [k, n] that may be packed; plain ones must have `length` floats.
 *
 * @throws {InvalidArgumentError} when it was packed for another shape or instruction set
 * @throws {ShapeMismatchError} when a plain one has another length
 */
export function matrixOperand(
  operation: string,
  native: NativeContext,
  name: string,
  matrix: Float32Array | PackedMatrixF32,
  k: number,
  n: number,
  length: number | undefined,
): MatrixOperand {
  if (ArrayBuffer.isView(matrix)) {
    assertArray(operation, name, matrix, 'Float32Array', length);
    return { data: matrix, isPacked: 0 };
  }
  if (matrix.k !== k || matrix.n !== n || matrix.isa !== native.isa) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `${name} packed as [${k},${n}] for ${native.isa}`,
      received: `[${matrix.k},${matrix.n}] for ${matrix.isa}`,
    });
  }
  assertArray(operation, name, matrix.data, 'Float32Array', native.addon.packedSizeF32(native.handle, k, n));
  return { data: matrix.data, isPacked: 1 };
}
