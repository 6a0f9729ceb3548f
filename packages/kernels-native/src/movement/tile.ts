import { checkedCount } from '../arguments';
import type { NativeContext } from '../native-context';
import { copyStrided } from './copy-strided';
import { assertElements, denseStrides, type Elements } from './elements';

/**
 * Repeats x along every axis: out[r·d + i] = x[i] for every repetition r.
 *
 * Shapes: x [d0,…,dn] → out [d0·repetitions0,…]; at most 6 axes
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when there are more than 6 axes, or the arrays overlap
 */
export function tile<Array extends Elements>(
  native: NativeContext,
  shape: readonly number[],
  repetitions: readonly number[],
  x: Array,
  out: Array,
): void {
  const operation = 'tile';
  const tiled = shape.map((length, axis) => length * (repetitions[axis] ?? 1));
  assertElements(operation, 'x', x, checkedCount(operation, 'x', shape));
  assertElements(operation, 'out', out, checkedCount(operation, 'out', tiled), x);
  const sizes = shape.flatMap((length, axis) => [repetitions[axis] ?? 1, length]);
  const strides = denseStrides(shape).flatMap((stride) => [0, stride]);
  copyStrided(native, operation, sizes, { array: x, strides }, { array: out, strides: denseStrides(sizes) });
}
