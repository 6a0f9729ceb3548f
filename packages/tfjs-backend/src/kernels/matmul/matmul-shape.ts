import { type TensorInfo, util } from '@tensorflow/tfjs-core';

/** One (batched) product out[batch] = a[batch] · b[batch], in numbers. */
export interface MatMulShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  /** Elements from one matrix to the next; 0 where every product uses the same. */
  readonly strideA: number;
  readonly strideB: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly outShape: readonly number[];
}

/**
 * Shape of tf.matMul, or undefined where it has no native form: inner sizes that differ (the borrowed kernel has tfjs' message),
 * empty products, and batches that broadcast in more than one dimension.
 */
export function matMulShape(
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): MatMulShape | undefined {
  const [rowsA = 0, columnsA = 0] = a.shape.slice(-2);
  const [rowsB = 0, columnsB = 0] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [otherK, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  const outerA = a.shape.slice(0, -2);
  const outerB = b.shape.slice(0, -2);
  const batchA = util.sizeFromShape(outerA);
  const batchB = util.sizeFromShape(outerB);
  const isSameBatch = util.arraysEqual(outerA, outerB);
  if (k !== otherK || m * n * k === 0 || batchA * batchB === 0) return undefined;
  if (!isSameBatch && batchA !== 1 && batchB !== 1) return undefined;
  if (!isSameBatch && outerA.length !== outerB.length) return undefined;
  return {
    m,
    n,
    k,
    batch: Math.max(batchA, batchB),
    strideA: batchA === 1 ? 0 : m * k,
    strideB: batchB === 1 ? 0 : k * n,
    transposeA,
    transposeB,
    outShape: [...(batchA === 1 ? outerB : outerA), m, n],
  };
}
