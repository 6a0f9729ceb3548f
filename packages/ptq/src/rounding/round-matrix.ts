import type { Runtime } from '../session';
import { adaRound } from './adaround';
import { descendCoordinates } from './coordinate-descent';
import { type FactoredProblem, factorProblem, realOptimum } from './factored-problem';
import { gptqRoundScales } from './gptq';
import { createGramProduct } from './moment-products';
import { type QuadraticProblem, rowErrors } from './quadratic-problem';
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
  const { smallestScale, isScaleShared } = options;
  const factored = factorProblem(problem, weights, options.damping);
  const { damped } = factored;
  const first = gptqRoundScales(factored, grid, isScaleShared ? [1] : options.scaleFactors, smallestScale);
  const start = { ...grid, scale: first.scale };
  const levels = options.method === 'gptq' ? first.levels : await learnedLevels(factored, start, options);
  const refits = isScaleShared ? 0 : options.refits;
  const { scale, products } = descendCoordinates(damped, levels, start, {
    sweeps: options.sweeps,
    refits,
    smallestScale,
  });
  const scaleOf = (i: number): number => scale[Math.floor(i / columns)] as number;
  const chosen = levels.map((level, i) => level * scaleOf(i));
  const errors = rowErrors(
    damped,
    chosen,
    products.map((p, i) => p * scaleOf(i)),
  );
  const nearest = nearestLevels(weights, columns, grid);
  const nearestErrors = rowErrors(damped, levelsToWeights(nearest, columns, grid.scale));
  const sums = { nearest: 0, chosen: 0, energy: 0 };
  for (let r = 0; r < rows; r++) {
    const [before, after] = [nearestErrors[r] as number, errors[r] as number];
    sums.nearest += before;
    sums.chosen += Math.min(before, after);
    sums.energy += problem.energy[r] as number;
    if (before > after) continue;
    levels.set(nearest.subarray(r * columns, (r + 1) * columns), r * columns);
    scale[r] = grid.scale[r] as number;
  }
  return { levels, scale, nearestError: sums.nearest, error: sums.chosen, energy: sums.energy };
}

async function learnedLevels(
  factored: FactoredProblem,
  grid: WeightGrid,
  options: RoundMatrixOptions,
): Promise<Float64Array> {
  const { damped } = factored;
  const product = await createGramProduct(options.runtime, damped.gram, damped.columns);
  try {
    return await adaRound(damped, realOptimum(factored), grid, product.multiply, {
      iterations: options.iterations,
      learningRate: 0.02,
      regularization: 0.05,
      warmUp: 0.2,
    });
  } finally {
    await product.release();
  }
}
