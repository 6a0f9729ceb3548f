import type { NativeContext } from '../native-context';
import { copyBox } from './copy-box';
import type { Elements } from './elements';

/**
 * Copies every step-th element of a box: out[i] = x[begin + i · step].
 *
 * Shapes: x `shape` → out `size`, with begin ≤ shape and begin + (size − 1) · step < shape per axis; steps of 1 or more; at most 12
 *         axes
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
  copyBox(native, 'stridedSlice', shape, { begin, size, steps }, x, out);
}
