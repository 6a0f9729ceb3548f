import { dot } from './cholesky';
import type { FactoredProblem } from './factored-problem';
import { nearestLevel, type WeightGrid } from './weight-grid';

/** Rounded rows, and their error above the real-valued optimum. */
export interface RoundedRows {
  /** Integer levels [R,K]. */
  readonly levels: Float64Array;
  /** ‖Uŵ − y‖² [R]. */
  readonly excess: Float64Array;
}

/** Rows that are rounded together: their weights stay in cache while the factor streams by. */
const rowsPerBlock = 16;

/**
 * GPTQ: rounds one column after the other and lets the columns not yet rounded make up for the error.
 *
 * With gram = UᵀU in the order of rounding and y = cross·U⁻¹, the error above the real-valued optimum is
 * ‖Uŵ − y‖² = Σ_i ( U_ii·ŵ_i + Σ_{j>i} U_ij·ŵ_j − y_i )². From the last column to the first, each bracket is made as small as
 * the grid allows:
 *
 *   ŵ_i = nearest( (y_i − Σ_{j>i} U_ij·ŵ_j) / U_ii )
 *
 * This is the recursion of the paper on the reversed order of columns (Babai's nearest plane), without the inverse of gram.
 * With a diagonal gram the result is the nearest rounding of the optimum.
 *
 * Cost: R·K²/2 multiplications per grid, float64.
 *
 * @see Frantar et al. 2022, arXiv:2210.17323; equivalence with Babai's algorithm: Chen et al. 2025, arXiv:2507.18553
 */
export function gptqRound({ damped, order, factor, right }: FactoredProblem, grid: WeightGrid): RoundedRows {
  const { columns, rows } = damped;
  const { scale, low, high } = grid;
  const levels = new Float64Array(rows * columns);
  const excess = new Float64Array(rows);
  const rounded = new Float64Array(rowsPerBlock * columns);
  for (let first = 0; first < rows; first += rowsPerBlock) {
    const last = Math.min(first + rowsPerBlock, rows);
    for (let i = columns - 1; i >= 0; i--) {
      const row = i * columns;
      const pivot = factor[row + i] as number;
      const position = order[i] as number;
      for (let r = first; r < last; r++) {
        const at = (r - first) * columns + i;
        const known = dot(factor, row + i + 1, rounded, at + 1, columns - i - 1);
        const wanted = ((right[r * columns + i] as number) - known) / pivot;
        const s = scale[r] as number;
        const level = nearestLevel(wanted, s, low, high);
        levels[r * columns + position] = level;
        rounded[at] = level * s;
        excess[r] = (excess[r] as number) + (pivot * (wanted - level * s)) ** 2;
      }
    }
  }
  return { levels, excess };
}

/**
 * The same on several grids: for each row the scale, among the grid's times the given factors, with the smallest error.
 *
 * @param smallest lower bound of the scales [R]
 */
export function gptqRoundScales(
  problem: FactoredProblem,
  grid: WeightGrid,
  factors: readonly number[],
  smallest: Float64Array,
): RoundedRows & { readonly scale: Float64Array } {
  const { columns, rows } = problem.damped;
  const levels = new Float64Array(rows * columns);
  const excess = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const best = new Float64Array(grid.scale);
  for (const factor of factors) {
    const scale = grid.scale.map((s, r) => Math.max(Math.fround(s * factor), smallest[r] as number));
    const found = gptqRound(problem, { ...grid, scale });
    for (let r = 0; r < rows; r++) {
      if ((found.excess[r] as number) >= (excess[r] as number)) continue;
      levels.set(found.levels.subarray(r * columns, (r + 1) * columns), r * columns);
      excess[r] = found.excess[r] as number;
      best[r] = scale[r] as number;
    }
  }
  return { levels, excess, scale: best };
}
