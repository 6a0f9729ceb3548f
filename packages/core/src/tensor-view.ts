import { ShapeMismatchError } from './errors';

/** Real-valued tensor: row-major data and its shape. No maths. */
export interface TensorView<Data extends ArrayLike<number> = Float32Array> {
  readonly data: Data;
  readonly shape: readonly number[];
}

/** Number of elements of a shape; 1 for a scalar `[]`. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const d of shape) count *= d;
  return count;
}

/**
 * Pairs data with a shape (default: one axis).
 *
 * @throws {ShapeMismatchError} when the shape does not hold exactly data.length elements
 */
export function view(data: readonly number[], shape?: readonly number[]): TensorView<Float32Array>;
export function view<Data extends ArrayLike<number>>(data: Data, shape?: readonly number[]): TensorView<Data>;
export function view(data: ArrayLike<number>, shape: readonly number[] = [data.length]): TensorView<ArrayLike<number>> {
  if (elementCount(shape) !== data.length) {
    throw new ShapeMismatchError({
      operation: '[core] view',
      expected: `${elementCount(shape)} elements for shape [${shape.join(',')}]`,
      received: `${data.length}`,
    });
  }
  return { data: Array.isArray(data) ? Float32Array.from(data) : data, shape };
}
