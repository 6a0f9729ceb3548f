import { choleskyUpper, dot } from './cholesky';
import type { DampedProblem } from './quadratic-problem';
import { nearestLevel, type WeightGrid } from './weight-grid';

/** Rounded rows, and their error  (ŵ − w°)·gram·(ŵ − w°)ᵀ  above the real-valued optimum. */
export interface RoundedRows {
  /** Integer levels [R,K]. */
  readonly levels: Float64Array;
  /** [R]. */
  readonly excess: Float64Array;
}

/** Rounds all rows of one problem on grids given call by call: the factorization is done once. */
export type RowRounder = (grid: WeightGrid) => RoundedRows;

/**
 * GPTQ: rounds one column after the other and lets the columns not yet rounded make up for the error.
 *
 * With gram = UᵀU in the chosen order of columns, (ŵ−w°)·gram·(ŵ−w°)ᵀ = Σ_i ( U_ii·(ŵ_i − w°_i) + Σ_{j>i} U_ij·(ŵ_j − w°_j) )².
 * Going from the last column to the first, each bracket is made as small as the grid allows:
 *
 *   ŵ_i = nearest( w°_i + Σ_{j>i} (U_ij / U_ii)·(w°_j − ŵ_j) )
 *
 * This is the recursion of the paper on the reversed order of columns (Babai's nearest plane), without the inverse of gram.
 * `activationOrder` puts columns with large diagonal first in line (the paper's act-order); else the first column is first.
 * With a diagonal gram the result is the nearest rounding of w°.
 *
 * Cost: K³/6 once, then R·K²/2 multiplications per grid; float64.
 *
 * @see Frantar et al. 2022, arXiv:2210.17323; equivalence with Babai's algorithm: Chen et al. 2025, arXiv:2507.18553
 */
export function gptqRounder(problem: DampedProblem, activationOrder = true): RowRounder {
  const { columns, rows, optimum } = problem;
  const order = roundingOrder(problem, activationOrder);
  const factor = choleskyUpper(permuteSymmetric(problem.gram, order), columns);
  const target = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < columns; i++) target[r * columns + i] = optimum[r * columns + (order[i] as number)] as number;
  }
  return ({ scale, low, high }) => {
    const error = new Float64Array(rows * columns);
    const levels = new Float64Array(rows * columns);
    const excess = new Float64Array(rows);
    for (let i = columns - 1; i >= 0; i--) {
      const pivot = factor[i * columns + i] as number;
      const position = order[i] as number;
      for (let r = 0; r < rows; r++) {
        const at = r * columns + i;
        const carried = dot(factor, i * columns + i + 1, error, at + 1, columns - i - 1);
        const wanted = (target[at] as number) + carried / pivot;
        const s = scale[r] as number;
        const level = nearestLevel(wanted, s, low, high);
        levels[r * columns + position] = level;
        error[at] = (target[at] as number) - level * s;
        excess[r] = (excess[r] as number) + (pivot * (wanted - level * s)) ** 2;
      }
    }
    return { levels, excess };
  };
}

/** Columns from the last to be rounded to the first. */
function roundingOrder({ gram, columns }: DampedProblem, activationOrder: boolean): Int32Array {
  const order = Int32Array.from({ length: columns }, (_, i) => columns - 1 - i);
  if (!activationOrder) return order;
  const weight = (i: number): number => gram[i * columns + i] as number;
  return order.sort((a, b) => weight(a) - weight(b) || b - a);
}

function permuteSymmetric(matrix: Float64Array, order: Int32Array): Float64Array {
  const size = order.length;
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const from = (order[i] as number) * size;
    for (let j = 0; j < size; j++) result[i * size + j] = matrix[from + (order[j] as number)] as number;
  }
  return result;
}
