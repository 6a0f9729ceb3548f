import type { CodeRange } from '../dtype';
import { AccumulatorOverflowError, InvalidArgumentError, ShapeMismatchError } from '../errors';

const int32Max = 2 ** 31 - 1;

/**
 * Longest dot product whose int32 accumulator cannot overflow, whatever the codes and in whatever order the sum is taken:
 *
 *   K ≤ ⌊(2^31 − 1) / (A·B)⌋,  A = max(|qmin|, |qmax|, qmax − z, z − qmin) and B likewise
 *
 * so that both Σ q_a·q_b and Σ (q_a − z_a)(q_b − z_b) fit.
 *
 * @example maxDepth(uint8, int8)  // 65793;  maxDepth(int8, int8)  // 131071
 */
export function maxDepth(a: CodeRange, b: CodeRange, aZeroPoint = 0, bZeroPoint = 0): number {
  return Math.floor(int32Max / (largestFactor(a, aZeroPoint) * largestFactor(b, bZeroPoint)));
}

/**
 * Refuses a dot product that could overflow; see {@link maxDepth}.
 *
 * @throws {AccumulatorOverflowError} when depth is above the bound
 */
export function assertDepth(
  operation: string,
  depth: number,
  a: { readonly codes: CodeRange; readonly zeroPoint: number },
  b: { readonly codes: CodeRange; readonly zeroPoints: ArrayLike<number> },
): void {
  let limit = maxDepth(a.codes, b.codes, a.zeroPoint);
  for (let g = 0; g < b.zeroPoints.length; g++) {
    limit = Math.min(limit, maxDepth(a.codes, b.codes, a.zeroPoint, b.zeroPoints[g]));
  }
  if (depth <= limit) return;
  throw new AccumulatorOverflowError({
    operation,
    expected: `a depth of at most ${limit} for int32 accumulators`,
    received: `${depth}`,
    hint: 'Split the sum, or use fewer bits.',
  });
}

/**
 * acc[i] += bias[(i / inner) mod channels], exactly.
 *
 * @throws {AccumulatorOverflowError} when a sum leaves int32
 */
export function addBias(operation: string, acc: Int32Array, bias: Int32Array, inner: number): void {
  const channels = bias.length;
  for (let i = 0; i < acc.length; i++) {
    const sum = (acc[i] as number) + (bias[Math.floor(i / inner) % channels] as number);
    if (sum !== (sum | 0)) {
      throw new AccumulatorOverflowError({
        operation,
        expected: 'accumulator plus bias within int32',
        received: `${sum} at output ${i}`,
        hint: 'Use a larger weight scale for this channel.',
      });
    }
    acc[i] = sum;
  }
}

/**
 * One value per channel from a number or an array.
 *
 * @throws {ShapeMismatchError} when an array has another length
 */
export function perChannel(operation: string, name: string, value: number | Int32Array, channels: number): Int32Array {
  if (typeof value === 'number') return new Int32Array(channels).fill(value);
  assertLength(operation, name, value.length, channels);
  return value;
}

/** @throws {ShapeMismatchError} when the lengths differ */
export function assertLength(operation: string, name: string, received: number, expected: number): void {
  if (received === expected) return;
  throw new ShapeMismatchError({ operation, expected: `${name} of length ${expected}`, received: `${received}` });
}

/** @throws {InvalidArgumentError} when a value is no integer ≥ least */
export function assertCounts(operation: string, counts: { readonly [name: string]: number }, least = 0): void {
  const bad = Object.entries(counts).find(([, value]) => !Number.isInteger(value) || value < least);
  if (bad === undefined) return;
  throw new InvalidArgumentError({
    operation,
    expected: `an integer ${bad[0]} ≥ ${least}`,
    received: String(bad[1]),
  });
}

// — internals —

function largestFactor({ qmin, qmax }: CodeRange, zeroPoint: number): number {
  return Math.max(Math.abs(qmin), Math.abs(qmax), qmax - zeroPoint, zeroPoint - qmin);
}
