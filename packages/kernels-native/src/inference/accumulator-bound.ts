import { AccumulatorOverflowError, codesOf, maxDepth } from '@bitwright/core';
import type { Codes } from './codes';

const int32Max = 2 ** 31 - 1;

/** One dot product: how deep it is and what its factors can be. */
export interface DotProduct {
  readonly depth: number;
  readonly input: Codes;
  readonly inputZeroPoint: number;
  readonly weight: Codes;
  /** null: 0 everywhere. */
  readonly weightZeroPoint: Int32Array | null;
  readonly bias: Int32Array | null;
}

/**
 * Refuses a dot product that could leave int32, whatever the codes are:
 *
 *   depth ≤ D,  (D − depth)·⌊(2^31 − 1)/D⌋ ≥ max|bias|,  D = maxDepth of the codes and zero points (docs/numerics.md eq. 10)
 *
 * @throws {AccumulatorOverflowError} when it could
 */
export function assertAccumulators(operation: string, dot: DotProduct): void {
  const a = codesOf(dot.input);
  const b = codesOf(dot.weight);
  let limit = maxDepth(a, b, dot.inputZeroPoint);
  for (const zeroPoint of dot.weightZeroPoint ?? []) {
    limit = Math.min(limit, maxDepth(a, b, dot.inputZeroPoint, zeroPoint));
  }
  const largestBias = largestMagnitude(dot.bias);
  const room = Math.max(0, limit - dot.depth) * Math.floor(int32Max / limit);
  if (dot.depth <= limit && (largestBias === 0 || largestBias <= room)) return;
  throw new AccumulatorOverflowError({
    operation: `[kernels-native] ${operation}`,
    expected: `a depth of at most ${limit} and biases of at most ${room} for int32 accumulators`,
    received: `depth ${dot.depth}, a bias of ${largestBias}`,
    hint: 'Split the sum, or use a larger weight scale.',
  });
}

// — internals —

/** max |value|, 0 where there is none. */
function largestMagnitude(values: Int32Array | null): number {
  let largest = 0;
  if (values === null) return largest;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  return largest;
}
