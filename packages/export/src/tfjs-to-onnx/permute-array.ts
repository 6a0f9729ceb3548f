/** Row-major strides of a shape. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  return strides;
}

/**
 * The array with its axes in another order: axis i of the result is axis `order[i]` of the data, as numpy.transpose.
 *
 * Shapes: data [d0, …, dn], result [d_order[0], …, d_order[n]].
 */
export function permuteArray(
  data: Float32Array<ArrayBufferLike>,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  const strides = stridesOf(shape);
  const sizes = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const result = new Float32Array(data.length);
  const rank = sizes.length;
  if (rank === 0 || data.length === 0) return data.slice();
  const last = sizes[rank - 1] as number;
  const lastStep = steps[rank - 1] as number;
  const index = new Array<number>(rank).fill(0);
  let source = 0;
  for (let target = 0; target < result.length; ) {
    for (let i = 0, at = source; i < last; i++, at += lastStep) result[target++] = data[at] as number;
    for (let axis = rank - 2; axis >= 0; axis--) {
      source += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (sizes[axis] as number)) break;
      source -= (steps[axis] as number) * (sizes[axis] as number);
      index[axis] = 0;
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
