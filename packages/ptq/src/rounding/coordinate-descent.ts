import { dot } from './cholesky';
import type { QuadraticProblem } from './quadratic-problem';
import { multiplyRows } from './row-products';
import { nearestLevel, type WeightGrid } from './weight-grid';

export interface DescentOptions {
  /** Sweeps over all columns at most, per scale. */
  readonly sweeps: number;
  /** Times that the scales are fitted to the levels, each followed by sweeps; 0 keeps the scales. */
  readonly refits: number;
  /** Smallest scale allowed per row (a bias has to fit int32). */
  readonly smallestScale: Float64Array;
}

/** Where a descent ended. */
export interface Descent {
  /** [R], float32 values. */
  readonly scale: Float64Array;
  /** Levels·gram [R,K]. */
  readonly products: Float64Array;
}

/**
 * Improves rounded rows one weight at a time: each level moves to where the error of its row is smallest with all others held,
 *
 *   ŵ_k ← nearest( ŵ_k − ∇_k / gram_kk ),   ∇ = gram·ŵ − cross
 *
 * until nothing moves; then the scale of the row is fitted to its levels, s = (q·cross) / (q·gram·qᵀ), and the sweeps repeat. Every
 * step lowers  ŵ·gram·ŵᵀ − 2·ŵ·cross  or leaves it; the error can never end above where it began.
 *
 * @param levels [R,K], changed in place
 */
export function descendCoordinates(
  problem: QuadraticProblem,
  levels: Float64Array,
  grid: WeightGrid,
  options: DescentOptions,
): Descent {
  const { rows, columns, gram, cross } = problem;
  const scale = new Float64Array(grid.scale);
  // products = levels·gram, kept up to date with every change of a level.
  const products = multiplyRows(levels, gram, columns);
  for (let r = 0; r < rows; r++) {
    const base = r * columns;
    for (let refit = 0; ; refit++) {
      const s = scale[r] as number;
      for (let sweep = 0; sweep < options.sweeps; sweep++) {
        let moved = 0;
        for (let k = 0; k < columns; k++) {
          const curvature = gram[k * columns + k] as number;
          if (!(curvature > 0)) continue;
          const level = levels[base + k] as number;
          const slope = s * (products[base + k] as number) - (cross[base + k] as number);
          const best = nearestLevel(s * level - slope / curvature, s, grid.low, grid.high);
          if (best === level) continue;
          levels[base + k] = best;
          addRow(products, base, gram, k * columns, columns, best - level);
          moved += 1;
        }
        if (moved === 0) break;
      }
      if (refit >= options.refits) break;
      const curvature = dot(products, base, levels, base, columns);
      const fitted = Math.fround(dot(cross, base, levels, base, columns) / curvature);
      const smallest = options.smallestScale[r] as number;
      if (!(fitted >= smallest) || !(fitted > 0) || !Number.isFinite(fitted) || fitted === s) break;
      scale[r] = fitted;
    }
  }
  return { scale, products };
}

function addRow(
  to: Float64Array,
  base: number,
  matrix: Float64Array,
  from: number,
  length: number,
  factor: number,
): void {
  for (let j = 0; j < length; j++) to[base + j] = (to[base + j] as number) + factor * (matrix[from + j] as number);
}
