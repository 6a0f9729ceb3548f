import { InvalidArgumentError } from '@bitwright/core';
import { checkedCount } from '../arguments';
import type { NativeContext } from '../native-context';
import { copyStrided } from './copy-strided';
import { assertElements, denseStrides, type Elements } from './elements';

/** Elements of a dense array: begin + i · step per axis for every i below size. */
interface Box {
  readonly begin: readonly number[];
  readonly size: readonly number[];
  /** Default: all 1. */
  readonly steps?: readonly number[];
}

/**
 * Copies a box: out[i] = x[begin + i · step].
 *
 * Shapes: x `shape` → out `size`, at most 12 axes
 *
 * @throws {InvalidArgumentError} when the box leaves x, a step is not a positive integer, or the arrays overlap
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 */
export function copyBox<Array extends Elements>(
  native: NativeContext,
  operation: string,
  shape: readonly number[],
  box: Box,
  x: Array,
  out: Array,
): void {
  const { begin, size, steps } = box;
  assertElements(operation, 'x', x, checkedCount(operation, 'x', shape));
  assertElements(operation, 'out', out, checkedCount(operation, 'out', size), x);
  assertBoxInside(operation, shape, box);
  const dense = denseStrides(shape);
  const offset = begin.reduce((sum, start, axis) => sum + start * (dense[axis] as number), 0);
  const strides = dense.map((stride, axis) => stride * (steps?.[axis] ?? 1));
  copyStrided(native, operation, size, { array: x, offset, strides }, { array: out, strides: denseStrides(size) });
}

/**
 * @throws {InvalidArgumentError} when a box begins or ends outside the shape, or a step is not a positive integer
 */
export function assertBoxInside(operation: string, shape: readonly number[], { begin, size, steps }: Box): void {
  const isInside = shape.every((length, axis) => {
    const [first, step] = [begin[axis] as number, steps === undefined ? 1 : (steps[axis] as number)];
    const last = first + ((size[axis] as number) - 1) * step;
    const isPlace = Number.isInteger(first) && first >= 0 && first <= length;
    return isPlace && Number.isInteger(step) && step >= 1 && last < length;
  });
  if (isInside && [begin, size, steps ?? size].every((list) => list.length === shape.length)) return;
  const inside = `inside [${shape.join(',')}]`;
  const received = `begin [${begin.join(',')}], size [${size.join(',')}]`;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: steps === undefined ? `a box ${inside}` : `elements ${inside}, steps of 1 or more`,
    received: steps === undefined ? received : `${received}, steps [${steps.join(',')}]`,
  });
}
