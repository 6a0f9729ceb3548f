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
}

/**
 * The largest bias with which no accumulator leaves int32, whatever the codes are:
 *
 *   (D − depth)·⌊(2^31 − 1)/D⌋,  D = maxDepth of the codes and zero points (docs/numerics.md eq. 10)
 *
 * The addon compares the biases with it, since it reads them anyway; see {@link assertBias}.
 *
 * @throws {AccumulatorOverflowError} when depth > D
 */
export function biasRoom(operation: string, dot: DotProduct): number {
  const a = codesOf(dot.input);
  const b = codesOf(dot.weight);
  let limit = maxDepth(a, b, dot.inputZeroPoint);
  for (const zeroPoint of dot.weightZeroPoint ?? []) {
    limit = Math.min(limit, maxDepth(a, b, dot.inputZeroPoint, zeroPoint));
  }
  if (dot.depth <= limit) return (limit - dot.depth) * Math.floor(int32Max / limit);
  throw new AccumulatorOverflowError({
    operation: `[kernels-native] ${operation}`,
    expected: `a depth of at most ${limit} for int32 accumulators`,
    received: `${dot.depth}`,
    hint: 'Split the sum.',
  });
}

/** @throws {AccumulatorOverflowError} when a bias is larger than {@link biasRoom} allows */
export function assertBias(operation: string, bias: Int32Array | null, room: number): void {
  const index = bias?.findIndex((value) => Math.abs(value) > room) ?? -1;
  if (index < 0) return;
  throw new AccumulatorOverflowError({
    operation: `[kernels-native] ${operation}`,
    expected: `biases within ±${room} for int32 accumulators`,
    received: `${bias?.[index]} of output ${index}`,
    hint: 'Use a larger weight scale for this output.',
  });
}
