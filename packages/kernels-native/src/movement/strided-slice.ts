import { InvalidArgumentError } from '@bitwright/core';
import { checkedCount } from '../arguments';
import type { NativeContext } from '../native-context';
import { copyStrided } from './copy-strided';
import { assertElements, denseStrides, type Elements } from './elements';

/**
 * Copies every step-th element of a box: out[i] = x[begin + i · step].
 *
 * Shapes: x `shape` → out `size`, with begin + (size − 1) · step inside the shape per axis; steps of 1 or more; at most 12 axes
 *
 * @throws {InvalidArgumentError} when an element lies outside x, a step is not a positive integer, or the arrays overlap
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 */
export function stridedSlice<Array extends Elements>(
  native: NativeContext,
  shape: readonly number[],
  { begin, size, steps }: { begin: readonly number[]; size: readonly number[]; steps: readonly number[] },
  x: Array,
  out: Array,
): void {
  const operation = 'stridedSlice';
  assertElements(operation, 'x', x, checkedCount(operation, 'x', shape));
  assertElements(operation, 'out', out, checkedCount(operation, 'out', size), x);
  const isInside = shape.every((length, axis) => {
    const [first, step] = [begin[axis] as number, steps[axis] as number];
    const last = first + ((size[axis] as number) - 1) * step;
    return Number.isInteger(first) && Number.isInteger(step) && first >= 0 && step >= 1 && last < length;
  });
  if (!isInside || [begin, size, steps].some((list) => list.length !== shape.length)) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `elements inside [${shape.join(',')}], steps of 1 or more`,
      received: `begin [${begin.join(',')}], size [${size.join(',')}], steps [${steps.join(',')}]`,
    });
  }
  const dense = denseStrides(shape);
  const offset = begin.reduce((sum, start, axis) => sum + start * (dense[axis] as number), 0);
  const strides = dense.map((stride, axis) => stride * (steps[axis] as number));
  copyStrided(native, operation, size, { array: x, offset, strides }, { array: out, strides: denseStrides(size) });
}
