import { InvalidArgumentError, ShapeMismatchError } from '@bitwright/core';
import { checkedCount } from '../arguments';

/** Two shapes joined by numpy's rules, with as few dimensions as describe it. */
export interface Broadcast {
  /** Shape of the result. */
  readonly shape: readonly number[];
  readonly count: number;
  readonly countA: number;
  readonly countB: number;
  /** Sizes, strides of a, strides of b as the addon takes them: at least one dimension, the innermost last. */
  readonly numbers: Float64Array;
}

/** Dimensions of the addon after joining those that belong together. */
const mostDimensions = 8;

/**
 * Broadcasts two shapes: aligned at the last dimension, each pair equal or one of them 1.
 *
 * Neighbouring dimensions that both operands walk alike become one, so [8, 32, 32, 16] with [16] is [8192, 16] with [16], and
 * equal shapes are one run.
 *
 * @throws {ShapeMismatchError} when the shapes do not fit
 * @throws {InvalidArgumentError} when a dimension is no integer ≥ 0, or more than eight dimensions remain
 */
export function broadcastShapes(operation: string, a: readonly number[], b: readonly number[]): Broadcast {
  const countA = checkedCount(operation, 'a', a);
  const countB = checkedCount(operation, 'b', b);
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  const joined: Dimension[] = [];
  for (let d = 0; d < rank; d++) {
    const sizeA = a[d - rank + a.length] ?? 1;
    const sizeB = b[d - rank + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new ShapeMismatchError({
        operation: `[kernels-native] ${operation}`,
        expected: 'shapes that broadcast',
        received: `[${a.join(',')}] and [${b.join(',')}]`,
      });
    }
    const size = sizeA === 1 ? sizeB : sizeA;
    shape.push(size);
    if (size === 1) continue;
    const repeatsA = sizeA === 1;
    const repeatsB = sizeB === 1;
    const last = joined.at(-1);
    if (last !== undefined && last.repeatsA === repeatsA && last.repeatsB === repeatsB) last.size *= size;
    else joined.push({ size, repeatsA, repeatsB });
  }
  if (joined.length === 0) joined.push({ size: shape.includes(0) ? 0 : 1, repeatsA: false, repeatsB: false });
  if (joined.length > mostDimensions) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `at most ${mostDimensions} groups of dimensions`,
      received: `[${a.join(',')}] and [${b.join(',')}]`,
    });
  }
  return { shape, count: checkedCount(operation, 'the result', shape), countA, countB, numbers: numbersOf(joined) };
}

// — internals —

interface Dimension {
  size: number;
  readonly repeatsA: boolean;
  readonly repeatsB: boolean;
}

function numbersOf(dimensions: readonly Dimension[]): Float64Array {
  const rank = dimensions.length;
  const numbers = new Float64Array(3 * rank);
  let strideA = 1;
  let strideB = 1;
  for (let d = rank - 1; d >= 0; d--) {
    const { size, repeatsA, repeatsB } = dimensions[d] as Dimension;
    numbers[d] = size;
    if (!repeatsA) {
      numbers[rank + d] = strideA;
      strideA *= size;
    }
    if (!repeatsB) {
      numbers[2 * rank + d] = strideB;
      strideB *= size;
    }
  }
  return numbers;
}
