import { choleskyUpper, dot } from '../rounding/cholesky';
import { type BlockGrid, nearestCode } from './block-grid';
import { meanDiagonal } from './refit-scales';

export interface GptqBlocksOptions {
  /** λ = damping · mean(diag XᵀX) is added to the diagonal. Default 0.01. */
  readonly damping?: number;
  /** Columns with large inputs are rounded first. Default true. */
  readonly activationOrder?: boolean;
}

const maxAttempts = 8;

/**
 * GPTQ on fixed grids: rounds one column after the other, and the columns not yet rounded make up for the error.
 *
 * Minimizes  Σ_n (ŵ_n − w_n)·H·(ŵ_n − w_n)ᵀ,  H = XᵀX + λI = UᵀU in the order of columns, from the last column to the first:
 *
 *   ŵ_i = nearest( w_i + Σ_{j>i} (U_ij/U_ii)·(w_j − ŵ_j) )
 *
 * (the recursion of the paper on the reversed order, without H⁻¹). Grids are static: those of the blocks of the original weights, so
 * any order of columns keeps the blocks of the file.
 *
 * Shapes: weights [N,K], gram [K,K]. Cost K³/6 + N·K²/2 multiplications in float64. With a diagonal Gram matrix this is rounding to
 * nearest.
 *
 * @see Frantar et al. 2022, arXiv:2210.17323; Chen et al. 2025, arXiv:2507.18553
 */
export function gptqBlocks(
  weights: Float32Array,
  rows: number,
  columns: number,
  grid: BlockGrid,
  gram: Float64Array,
  options: GptqBlocksOptions = {},
): Uint8Array {
  const { damping = 0.01, activationOrder = true } = options;
  const { bits, blockSize, scale, zeroPoint } = grid;
  const blocks = Math.ceil(columns / blockSize);
  const levels = 2 ** bits - 1;
  const order = roundingOrder(gram, columns, activationOrder);
  const factor = dampedFactor(gram, order, damping);
  const codes = new Uint8Array(rows * columns);
  const error = new Float64Array(columns);
  for (let n = 0; n < rows; n++) {
    for (let i = columns - 1; i >= 0; i--) {
      const k = order[i] as number;
      const w = weights[n * columns + k] as number;
      const pivot = factor[i * columns + i] as number;
      const carried = dot(factor, i * columns + i + 1, error, i + 1, columns - i - 1);
      const g = n * blocks + Math.floor(k / blockSize);
      const s = scale[g] as number;
      const z = zeroPoint[g] as number;
      const code = nearestCode(w + carried / pivot, s, z, levels);
      codes[n * columns + k] = code;
      error[i] = w - s * (code - z);
    }
  }
  return codes;
}

// — internals —

/** Columns from the last to be rounded to the first. */
function roundingOrder(gram: Float64Array, columns: number, activationOrder: boolean): Int32Array {
  const order = Int32Array.from({ length: columns }, (_, i) => columns - 1 - i);
  if (!activationOrder) return order;
  const size = (i: number): number => gram[i * columns + i] as number;
  return order.sort((a, b) => size(a) - size(b) || b - a);
}

/** Upper Cholesky factor of the damped Gram matrix, its columns permuted; damping grows tenfold until the factor exists. */
function dampedFactor(gram: Float64Array, order: Int32Array, damping: number): Float64Array {
  const size = order.length;
  const permuted = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const from = (order[i] as number) * size;
    for (let j = 0; j < size; j++) permuted[i * size + j] = gram[from + (order[j] as number)] as number;
  }
  const unit = meanDiagonal(gram, size);
  for (let attempt = 0, rate = damping; ; attempt++, rate = Math.max(rate * 10, 1e-10)) {
    const damped = permuted.slice();
    for (let i = 0; i < size; i++) damped[i * size + i] = (damped[i * size + i] as number) + rate * unit;
    try {
      return choleskyUpper(damped, size);
    } catch (error) {
      if (attempt >= maxAttempts) throw error;
    }
  }
}
