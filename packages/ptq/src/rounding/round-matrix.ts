import type { Runtime } from '../session';
import { adaRound } from './adaround';
import { descendCoordinates } from './coordinate-descent';
import { gptqRounder, type RoundedRows } from './gptq';
import { createGramProduct } from './moment-products';
import { dampProblem, type QuadraticProblem, rowError } from './quadratic-problem';
import type { RoundingMethod } from './rounding-options';
import { levelsToWeights, nearestLevels, type WeightGrid } from './weight-grid';

export interface RoundMatrixOptions {
  readonly method: RoundingMethod;
  readonly runtime: Runtime;
  readonly damping: number;
  readonly iterations: number;
  /** Factors of the given scales that are tried per row; [1] keeps them. */
  readonly scaleFactors: readonly number[];
  /** Times the scales are fitted to the levels; 0 keeps them. */
  readonly refits: number;
  readonly sweeps: number;
  readonly smallestScale: Float64Array;
  /** One scale for all rows: nothing per row may change it. */
  readonly isScaleShared: boolean;
}

export interface RoundedMatrix {
  /** [R,K] on the grid of `scale`. */
  readonly levels: Float64Array;
  readonly scale: Float64Array;
  /** Σ_r of the mean squared output errors: round-to-nearest, and what was chosen; energy = Σ_r E[t²]. */
  readonly nearestError: number;
  readonly error: number;
  readonly energy: number;
}

/**
 * Rounds one matrix of weights: the method on grids around the given scales, coordinate descent behind it, and per row the best of
 * that and round-to-nearest by the error on the calibration data.
 */
export async function roundMatrix(
  problem: QuadraticProblem,
  weights: Float64Array,
  grid: WeightGrid,
  options: RoundMatrixOptions,
): Promise<RoundedMatrix> {
  const { rows, columns } = problem;
  const damped = dampProblem(problem, weights, options.damping);
  const factors = options.isScaleShared ? [1] : options.scaleFactors;
  const gptq = gptqRounder(damped);
  const best = bestOfScales(gptq, grid, factors, options.smallestScale);
  let rounded: RoundedRows = best.rounded;
  if (options.method === 'adaround') {
    const product = await createGramProduct(options.runtime, damped.gram, columns);
    try {
      rounded = await adaRound(damped, { ...grid, scale: best.scale }, product.multiply, {
        iterations: options.iterations,
        learningRate: 0.02,
        regularization: 0.05,
        warmUp: 0.2,
      });
    } finally {
      await product.release();
    }
  }
  const levels = new Float64Array(rounded.levels);
  const scale = descendCoordinates(
    damped,
    levels,
    { ...grid, scale: best.scale },
    {
      sweeps: options.sweeps,
      refits: options.isScaleShared ? 0 : options.refits,
      smallestScale: options.smallestScale,
    },
  );
  const nearest = nearestLevels(weights, columns, grid);
  const nearestWeights = levelsToWeights(nearest, columns, grid.scale);
  const chosenWeights = levelsToWeights(levels, columns, scale);
  let nearestError = 0;
  let error = 0;
  let energy = 0;
  for (let r = 0; r < rows; r++) {
    const before = rowError(problem, r, nearestWeights, r * columns);
    const after = rowError(problem, r, chosenWeights, r * columns);
    nearestError += before;
    error += Math.min(before, after);
    energy += problem.energy[r] as number;
    if (before > after) continue;
    levels.set(nearest.subarray(r * columns, (r + 1) * columns), r * columns);
    scale[r] = grid.scale[r] as number;
  }
  return { levels, scale, nearestError, error, energy };
}

function bestOfScales(
  round: (grid: WeightGrid) => RoundedRows,
  grid: WeightGrid,
  factors: readonly number[],
  smallest: Float64Array,
): { readonly rounded: RoundedRows; readonly scale: Float64Array } {
  let best: { rounded: RoundedRows; scale: Float64Array } | undefined;
  for (const factor of factors) {
    const scale = grid.scale.map((s, r) => Math.max(Math.fround(s * factor), smallest[r] as number));
    const rounded = round({ ...grid, scale });
    if (best === undefined) {
      best = { rounded: { levels: rounded.levels, excess: rounded.excess }, scale };
      continue;
    }
    const columns = rounded.levels.length / scale.length;
    for (let r = 0; r < scale.length; r++) {
      if ((rounded.excess[r] as number) >= (best.rounded.excess[r] as number)) continue;
      best.rounded.levels.set(rounded.levels.subarray(r * columns, (r + 1) * columns), r * columns);
      best.rounded.excess[r] = rounded.excess[r] as number;
      best.scale[r] = scale[r] as number;
    }
  }
  return best ?? { rounded: round(grid), scale: grid.scale };
}
