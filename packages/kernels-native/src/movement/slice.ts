import { InvalidArgumentError } from '@bitwright/core';
import { checkedCount } from '../arguments';
import type { NativeContext } from '../native-context';
import { copyStrided } from './copy-strided';
import { assertElements, denseStrides, type Elements } from './elements';

/**
 * Copies a box: out[i] = x[begin + i].
 *
 * Shapes: x `shape` → out `size`, with begin + size ≤ shape per axis; at most 12 axes
 *
 * @throws {InvalidArgumentError} when the box leaves x, or the arrays overlap
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 */
export function slice<Array extends Elements>(
  native: NativeContext,
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
  x: Array,
  out: Array,
): void {
  const operation = 'slice';
  assertElements(operation, 'x', x, checkedCount(operation, 'x', shape));
  assertElements(operation, 'out', out, checkedCount(operation, 'out', size), x);
  assertBoxInside(operation, shape, begin, size);
  const strides = denseStrides(shape);
  const offset = begin.reduce((sum, start, axis) => sum + start * (strides[axis] as number), 0);
  copyStrided(native, operation, size, { array: x, offset, strides }, { array: out, strides: denseStrides(size) });
}

/**
 * @throws {InvalidArgumentError} when begin or begin + size lies outside the shape
 */
export function assertBoxInside(
  operation: string,
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
): void {
  const isInside = shape.every((length, axis) => {
    const start = begin[axis] as number;
    return Number.isInteger(start) && start >= 0 && start + (size[axis] as number) <= length;
  });
  if (isInside && begin.length === shape.length && size.length === shape.length) return;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: `a box inside [${shape.join(',')}]`,
    received: `begin [${begin.join(',')}], size [${size.join(',')}]`,
  });
}
