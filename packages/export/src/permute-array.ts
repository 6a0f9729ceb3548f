import { elementCount } from '@bitwright/core';

/**
 * Elements with their axes in another order: axis i of the result is axis `order[i]` of the data, as numpy.transpose; the data themselves
 * where no axis moves.
 *
 * Shapes: data [d0, …, dn], result [d_order[0], …, d_order[n]].
 */
export function permuteArray<T extends Int8Array | Uint8Array | Int32Array | BigInt64Array | Float32Array>(
  data: T,
  shape: readonly number[],
  order: readonly number[],
): T {
  if (order.every((axis, i) => axis === i)) return data;
  const result = data.slice() as T;
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const last = sizes.length - 1;
  const inner = sizes[last] ?? 1;
  const step = steps[last] ?? 1;
  const position = new Array<number>(last).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; ) {
    for (let i = 0, at = from; i < inner; i++, at += step) result[to++] = data[at] as never;
    for (let axis = last - 1; axis >= 0; axis--) {
      position[axis] = (position[axis] as number) + 1;
      from += steps[axis] as number;
      if ((position[axis] as number) < (sizes[axis] as number)) break;
      from -= (steps[axis] as number) * (sizes[axis] as number);
      position[axis] = 0;
    }
  }
  return result;
}

/** Rows of a matrix in another order: row i of the result is row `order[i]`. */
export function gatherRows(data: Float32Array, columns: number, order: Int32Array): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < order.length; row++) {
    const from = (order[row] as number) * columns;
    result.set(data.subarray(from, from + columns), row * columns);
  }
  return result;
}
