import { choleskyUpper, dot, solveRows } from '../rounding/cholesky';
import { type BlockGrid, scaleRounder } from './block-grid';

/**
 * Scales that fit given codes best: per row, min over s of (ŵ − w)·H·(ŵ − w)ᵀ with ŵ_k = s_g·(q_k − z_g), a linear system of one
 * equation per block,  Σ_g' (q_g·H_gg'·q_g'ᵀ)·s_g' = q_g·H_g·wᵀ.  Blocks whose codes all stand for 0 keep their scale.
 *
 * Cost N·K² multiplications.
 */
export function refitScales(
  weights: Float32Array,
  rows: number,
  columns: number,
  grid: BlockGrid,
  gram: Float64Array,
  codes: Uint8Array,
  options: { readonly damping?: number } = {},
): BlockGrid {
  const { damping = 0.01 } = options;
  const { blockSize, zeroPoint, scaleType = 'float32' } = grid;
  const blocks = Math.ceil(columns / blockSize);
  const store = scaleRounder(scaleType);
  const scale = grid.scale.slice();
  const damped = gram.slice();
  const lambda = damping * meanDiagonal(gram, columns);
  for (let k = 0; k < columns; k++) damped[k * columns + k] = (damped[k * columns + k] as number) + lambda;
  const q = new Float64Array(columns);
  const row = new Float64Array(columns);
  for (let n = 0; n < rows; n++) {
    for (let k = 0; k < columns; k++) {
      q[k] = (codes[n * columns + k] as number) - (zeroPoint[n * blocks + Math.floor(k / blockSize)] as number);
      row[k] = weights[n * columns + k] as number;
    }
    const system = new Float64Array(blocks * blocks);
    const right = new Float64Array(blocks);
    for (let k = 0; k < columns; k++) {
      const level = q[k] as number;
      if (level === 0) continue;
      const g = Math.floor(k / blockSize);
      right[g] = (right[g] as number) + level * dot(damped, k * columns, row, 0, columns);
      for (let other = 0; other < blocks; other++) {
        const first = other * blockSize;
        const product = dot(damped, k * columns + first, q, first, Math.min(blockSize, columns - first));
        system[g * blocks + other] = (system[g * blocks + other] as number) + level * product;
      }
    }
    for (let g = 0; g < blocks; g++) {
      if (system[g * blocks + g] !== 0) continue;
      system[g * blocks + g] = 1;
      right[g] = scale[n * blocks + g] as number;
    }
    solveRows(choleskyUpper(system, blocks), blocks, right);
    for (let g = 0; g < blocks; g++) {
      const fitted = store(right[g] as number);
      if (fitted !== 0 && Number.isFinite(fitted)) scale[n * blocks + g] = fitted;
    }
  }
  return { ...grid, scale };
}

/** Mean of the diagonal of a square matrix; 1 when it is 0. */
export function meanDiagonal(gram: Float64Array, size: number): number {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += gram[i * size + i] as number;
  return trace > 0 ? trace / size : 1;
}
