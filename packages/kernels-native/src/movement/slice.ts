import type { NativeContext } from '../native-context';
import { copyBox } from './copy-box';
import type { Elements } from './elements';

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
  copyBox(native, 'slice', shape, { begin, size }, x, out);
}
