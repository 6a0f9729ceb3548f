import { RuntimeError } from '@bitwright/core';
import { util } from '@tensorflow/tfjs-core';
import type { BufferPool, PooledBlock } from './buffer-pool';
import type { NumericDType, ValuesOf } from './tensor-storage';

/** Memory for one tensor, pooled unless it is small. */
export interface Memory<D extends NumericDType = 'float32'> {
  readonly values: ValuesOf<D>;
  readonly block: PooledBlock | undefined;
}

/** How tfjs stores each data type. */
export const arrayTypes: {
  readonly float32: Float32ArrayConstructor;
  readonly int32: Int32ArrayConstructor;
  readonly bool: Uint8ArrayConstructor;
} = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/**
 * Memory for a tensor of `shape`: a block of the pool with arbitrary content, or a typed array of zeros below `smallestPooled` bytes.
 *
 * @throws {RuntimeError} when the memory cannot be had
 */
export function allocateMemory<D extends NumericDType>(
  pool: BufferPool,
  shape: readonly number[],
  dtype: D,
  smallestPooled: number,
): Memory<D> {
  const Values = arrayTypes[dtype];
  const size = util.sizeFromShape([...shape]);
  const bytes = size * Values.BYTES_PER_ELEMENT;
  if (bytes < smallestPooled || bytes === 0) return { values: new Values(size) as ValuesOf<D>, block: undefined };
  const block = takeBlock(pool, bytes, shape, dtype);
  return { values: new Values(block.buffer, block.offset, size) as ValuesOf<D>, block };
}

// — internals —

function takeBlock(pool: BufferPool, bytes: number, shape: readonly number[], dtype: NumericDType): PooledBlock {
  try {
    return pool.take(bytes);
  } catch (cause) {
    throw new RuntimeError({
      operation: '[tfjs-backend] allocate',
      expected: 'a tensor that fits in memory',
      received: `${dtype} [${shape.join(',')}] of ${bytes} bytes`,
      hint: 'Use a smaller batch, or dispose tensors that are no longer needed (tf.memory() counts them).',
      cause,
    });
  }
}
