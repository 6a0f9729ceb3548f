import { InvalidArgumentError } from '@bitwright/core';
import { checkedCount } from '../arguments';
import type { NativeContext } from '../native-context';
import { copyStrided } from './copy-strided';
import { assertElements, denseStrides, type Elements } from './elements';

/**
 * Reorders axes: out[i[p0], i[p1], …] = x[i0, i1, …] for permutation p.
 *
 * Shapes: x [d0,…,dn] → out [d[p0],…,d[pn]], at most 12 axes
 *
 * @throws {InvalidArgumentError} when the permutation does not name every axis once, or the arrays overlap
 * @throws {ShapeMismatchError} when an array has not the length of the shape
 */
export function transpose<Array extends Elements>(
  native: NativeContext,
  shape: readonly number[],
  permutation: readonly number[],
  x: Array,
  out: Array,
): void {
  const operation = 'transpose';
  const count = checkedCount(operation, 'x', shape);
  if (permutation.length !== shape.length || shape.some((_, axis) => !permutation.includes(axis))) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `a permutation of ${shape.length} axes`,
      received: `[${permutation.join(',')}]`,
    });
  }
  assertElements(operation, 'x', x, count);
  assertElements(operation, 'out', out, count, x);
  const strides = denseStrides(shape);
  const sizes = permutation.map((axis) => shape[axis] as number);
  const from = { array: x, strides: permutation.map((axis) => strides[axis] as number) };
  copyStrided(native, operation, sizes, from, { array: out, strides: denseStrides(sizes) });
}
