import { assertArray, assertInteger, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { type ClampActivation, clampBounds } from './activation';
import { assertSeparate, optionalFloats } from './floats';
import { matrixOperand, type PackedMatrixF32 } from './packed-matrix';

/** Matrices of a product, row by row without gaps. Batch items lie `stride` floats apart; 0 uses one matrix for all. */
export interface GemmShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** a is stored [k, m]. */
  readonly transposeA?: boolean | undefined;
  /** b is stored [n, k]. */
  readonly transposeB?: boolean | undefined;
  /** Products of the same shape, default 1. */
  readonly batch?: number | undefined;
  /** Floats between matrices a, default m·k. */
  readonly strideA?: number | undefined;
  /** Floats between matrices b, default k·n. */
  readonly strideB?: number | undefined;
}

export interface GemmOptions {
  /** [n], added to every row. */
  readonly bias?: Float32Array | null | undefined;
  readonly activation?: ClampActivation | undefined;
  /** Adds to what `out` holds. */
  readonly accumulate?: boolean | undefined;
}

/**
 * Matrix product of float32 matrices, threaded.
 *
 * Formula:  out[i][m][n] = activation(Σ_k op(a[i])[m][k] · op(b[i])[k][n] + bias[n] (+ out[i][m][n]))
 * Shapes:   a [batch, m, k] or [batch, k, m]; b [batch, k, n] or [batch, n, k]; out [batch, m, n]
 * Error:    |out − exact| ≤ (k + 4) · 2⁻²⁴ · Σ|a|·|b|, to first order; the order of additions does not depend on the threads
 *
 * @param b A matrix, or a packed one that the whole batch shares.
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when a dimension is no integer ≥ 0, b was packed for another shape or instruction set, or out
 *   overlaps an input
 */
export function gemmF32(
  native: NativeContext,
  shape: GemmShape,
  a: Float32Array,
  b: Float32Array | PackedMatrixF32,
  out: Float32Array,
  options: GemmOptions = {},
): void {
  const { m, n, k, transposeA = false, transposeB = false, batch = 1 } = shape;
  const sizeA = checkedCount(operation, 'a', [m, k]);
  const sizeB = checkedCount(operation, 'b', [k, n]);
  const sizeC = checkedCount(operation, 'out', [m, n]);
  const { strideA = sizeA, strideB = sizeB } = shape;
  assertInteger(operation, 'strideA', strideA, 0);
  assertInteger(operation, 'strideB', strideB, 0);
  const last = Math.max(batch - 1, 0);
  assertArray(operation, 'a', a, 'Float32Array', batch === 0 ? undefined : last * strideA + sizeA);
  const lengthB = batch === 0 ? undefined : last * strideB + sizeB;
  const operand = matrixOperand(operation, native, 'b', b, k, n, lengthB);
  assertArray(operation, 'out', out, 'Float32Array', checkedCount(operation, 'out', [batch, m, n]));
  const bias = optionalFloats(operation, 'bias', options.bias, n);
  assertSeparate(operation, out, a, operand.data, bias);
  checkStatus(
    operation,
    native.addon.gemmF32(
      native.handle,
      m,
      n,
      k,
      batch,
      Number(transposeA),
      Number(transposeB),
      transposeA ? m : k,
      transposeB ? k : n,
      n,
      strideA,
      strideB,
      sizeC,
      a,
      operand.data,
      operand.isPacked,
      bias,
      out,
      Number(options.accumulate ?? false),
      ...clampBounds(operation, options.activation),
    ),
  );
}

const operation = 'gemmF32';
