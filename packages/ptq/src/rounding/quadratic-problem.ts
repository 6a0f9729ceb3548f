import { multiplyRows } from './row-products';

/**
 * The output error of one matrix of weights Ŵ [R,K] as a function of Ŵ alone, from streamed second moments: with inputs x̃ of the
 * quantized model and targets t of the float model,
 *
 *   E‖t − Ŵx̃‖² = Σ_r ( energy_r − 2·ŵ_r·cross_r + ŵ_r·gram·ŵ_rᵀ ),   gram = E[x̃x̃ᵀ],  cross = E[t·x̃ᵀ],  energy = E[t²]
 *
 * Where the layer's bias is free to follow, all three are covariances: means subtracted.
 */
export interface QuadraticProblem {
  readonly rows: number;
  readonly columns: number;
  /** [K,K], symmetric, row-major. */
  readonly gram: Float64Array;
  /** [R,K]. */
  readonly cross: Float64Array;
  /** [R]. */
  readonly energy: Float64Array;
}

/**
 * Error of every row for weights Ŵ [R,K], clamped at 0 against rounding.
 *
 * @param products Ŵ·gram where it is known already
 */
export function rowErrors(
  problem: QuadraticProblem,
  weights: Float64Array,
  products: Float64Array = multiplyRows(weights, problem.gram, problem.columns),
): Float64Array {
  const { columns, cross, energy } = problem;
  return energy.map((start, r) => {
    let error = start;
    for (let i = r * columns; i < (r + 1) * columns; i++) {
      error += (weights[i] as number) * ((products[i] as number) - 2 * (cross[i] as number));
    }
    return Math.max(error, 0);
  });
}

/**
 * The problem plus λ‖Ŵ − W‖² per row, λ = damping · mean(diag gram): what the data do not determine stays at the float weights W
 * (dead inputs, fewer samples than columns). The errors of both problems differ by exactly that term.
 */
export function dampProblem(problem: QuadraticProblem, weights: Float64Array, damping: number): QuadraticProblem {
  const { columns, rows } = problem;
  let trace = 0;
  for (let i = 0; i < columns; i++) trace += problem.gram[i * columns + i] as number;
  const lambda = damping * (trace > 0 ? trace / columns : 1);
  const gram = new Float64Array(problem.gram);
  for (let i = 0; i < columns; i++) gram[i * columns + i] = (gram[i * columns + i] as number) + lambda;
  const cross = new Float64Array(problem.cross);
  const energy = new Float64Array(problem.energy);
  for (let i = 0; i < rows * columns; i++) {
    const w = weights[i] as number;
    const r = Math.floor(i / columns);
    cross[i] = (cross[i] as number) + lambda * w;
    energy[r] = (energy[r] as number) + lambda * w * w;
  }
  return { rows, columns, gram, cross, energy };
}
