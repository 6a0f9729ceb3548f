import { assertArray, assertInteger, checkedCount } from '../arguments';
import { assertDistinct } from '../inference/assert-distinct';
import { checkStatus, type NativeContext } from '../native-context';
import type { FewBitsBinding } from './binding';
import { nbitsArguments, type PackedNBits } from './packed-nbits';

/** A float matrix times packed few-bit weights. */
export interface MatMulNBits {
  readonly m: number;
  /** [M, K]. */
  readonly a: Float32Array;
  /** [N], added last. */
  readonly bias?: Float32Array | undefined;
  /**
   * `int8` (default) rounds activations to 8 bits in chunks of 32 (16 for blocks of 16), like accuracy_level 4 of onnxruntime;
   * `float32` keeps them as they are.
   */
  readonly activations?: 'int8' | 'float32' | undefined;
}

/**
 * out = a·Wᵀ (+ bias) with weights of 2, 4 or 8 bits.
 *
 * Formula:  W[n, k] = (code − zeroPoint)·scale of the block; activations as `activations` says
 *           int8: per chunk a ≈ s·q, s = absmax/127; out = Σ_chunks fma(Σ_k (code − zeroPoint)·q, fround(scale·s), …) in order of k
 * Shapes:   a [M, K], out [M, N]
 * Exactness: the same bits on every instruction set and number of threads
 *
 * @throws {ShapeMismatchError} when lengths do not fit
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 * @see com.microsoft MatMulNBits-1
 */
export function matMulNBits(context: NativeContext, packed: PackedNBits, call: MatMulNBits, out: Float32Array): void {
  checkStatus(operation, context.addon.matMulNBits(...matMulArguments(context, packed, call, out)));
}

/** {@link matMulNBits} on another thread. The arrays must not change until it is done. */
export async function matMulNBitsAsync(
  context: NativeContext,
  packed: PackedNBits,
  call: MatMulNBits,
  out: Float32Array,
): Promise<void> {
  checkStatus(operation, await context.addon.matMulNBitsAsync(...matMulArguments(context, packed, call, out)));
}

// — internals —

const operation = 'matMulNBits';

function matMulArguments(
  context: NativeContext,
  packed: PackedNBits,
  { m, a, bias = undefined, activations = 'int8' }: MatMulNBits,
  out: Float32Array,
): Parameters<FewBitsBinding['matMulNBits']> {
  const { n, k, bytes, scales, zeroPoints } = packed;
  assertInteger(operation, 'm', m, 0, 2 ** 24);
  assertArray(operation, 'a', a, 'Float32Array', checkedCount(operation, 'a', [m, k]));
  assertArray(operation, 'out', out, 'Float32Array', checkedCount(operation, 'out', [m, n]));
  if (bias !== undefined) assertArray(operation, 'bias', bias, 'Float32Array', n);
  assertDistinct(operation, 'a', a, out);
  const quantizes = activations === 'int8' ? 1 : 0;
  const shape = nbitsArguments(packed);
  return [context.handle, ...shape, bytes, scales, zeroPoints, m, a, quantizes, bias ?? null, out];
}
