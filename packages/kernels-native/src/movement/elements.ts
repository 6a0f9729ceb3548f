import { assertArray } from '../arguments';

/** Arrays that are moved as they are: float32, int32 and bytes. */
export type Elements = Float32Array | Int32Array | Uint8Array;

/**
 * @throws {InvalidArgumentError} when an array is of another kind than `like`, or not movable
 * @throws {ShapeMismatchError} when its length differs
 */
export function assertElements(
  operation: string,
  name: string,
  array: Elements,
  length: number,
  like: Elements = array,
): void {
  const kind = like instanceof Float32Array ? 'Float32Array' : like instanceof Int32Array ? 'Int32Array' : 'Uint8Array';
  assertArray(operation, name, array, kind, length);
}

/** Elements from one index to the next, per axis of a dense row-major array. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  return strides;
}
