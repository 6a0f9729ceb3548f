import { checkedCount } from '../arguments';
import type { NativeContext } from '../native-context';
import { assertBoxInside } from './copy-box';
import { copyStrided } from './copy-strided';
import { assertElements, denseStrides, type Elements } from './elements';

/**
 * Puts x into a larger box filled with one value: out[before + i] = x[i].
 *
 * Shapes: x `shape` → out with before + length + after per axis; at most 12 axes
 *
 * @throws {InvalidArgumentError} when a padding is no integer ≥ 0, or the arrays overlap
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 */
export function pad<Array extends Elements>(
  native: NativeContext,
  shape: readonly number[],
  paddings: readonly (readonly [before: number, after: number])[],
  value: number,
  x: Array,
  out: Array,
): void {
  const operation = 'pad';
  const begin = shape.map((_, axis) => paddings[axis]?.[0] ?? 0);
  const padded = shape.map((length, axis) => (begin[axis] as number) + length + (paddings[axis]?.[1] ?? 0));
  assertElements(operation, 'x', x, checkedCount(operation, 'x', shape));
  assertElements(operation, 'out', out, checkedCount(operation, 'out', padded), x);
  assertBoxInside(operation, padded, { begin, size: shape });
  out.fill(value);
  const strides = denseStrides(padded);
  const offset = begin.reduce((sum, start, axis) => sum + start * (strides[axis] as number), 0);
  copyStrided(native, operation, shape, { array: x, strides: denseStrides(shape) }, { array: out, offset, strides });
}
