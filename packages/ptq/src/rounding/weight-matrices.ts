import type { WeightLayout } from './roundable-layers';

/** Matrix [rows, columns] of one group, in float64. */
export function readMatrix(data: Float32Array, layout: WeightLayout, group: number): Float64Array {
  const { rows, columns } = layout;
  if (layout.order === 'rowsFirst') {
    return Float64Array.from(data.subarray(group * rows * columns, (group + 1) * rows * columns));
  }
  const matrix = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) matrix[r * columns + c] = data[c * rows + r] as number;
  }
  return matrix;
}

/** Writes the matrix of one group back into a tensor of the layout; values are rounded to float32. */
export function writeMatrix(data: Float32Array, layout: WeightLayout, group: number, matrix: Float64Array): void {
  const { rows, columns } = layout;
  if (layout.order === 'rowsFirst') {
    data.set(matrix, group * rows * columns);
    return;
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) data[c * rows + r] = matrix[r * columns + c] as number;
  }
}
