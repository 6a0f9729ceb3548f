import { choleskyUpper, dot, solveRows } from './cholesky';

/**
 * The output error of one matrix of weights Ŵ [R,K] as a function of Ŵ alone, from streamed second moments: with inputs x̃ of the
 * quantized model and targets t of the float model,
 *
 *   E‖t − Ŵx̃‖² = Σ_r ( energy_r − 2·ŵ_r·cross_r + ŵ_r·gram·ŵ_rᵀ ),   gram = E[x̃x̃ᵀ],  cross = E[t·x̃ᵀ],  energy = E[t²]
 *
 * Where the layer's bias is free to follow (`centred`), all three are covariances: means subtracted.
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

/** Mean squared error of row r for weights `w` at offset `from`; clamped at 0 against rounding. */
export function rowError(problem: QuadraticProblem, r: number, w: Float64Array, from: number): number {
  const { columns, gram, cross, energy } = problem;
  let error = energy[r] as number;
  for (let i = 0; i < columns; i++) {
    const v = w[from + i] as number;
    if (v === 0) continue;
    error += v * (dot(gram, i * columns, w, from, columns) - 2 * (cross[r * columns + i] as number));
  }
  return Math.max(error, 0);
}

/**
 * A problem with a unique minimum, and that minimum: gram + λI and cross + λW pull what the data do not determine towards the
 * float weights; λ = damping · mean(diag gram), so dead inputs keep their weights.
 */
export interface DampedProblem extends QuadraticProblem {
  /** Real-valued optimum W° = cross · gram⁻¹ [R,K]: what rounding starts from. */
  readonly optimum: Float64Array;
}

const maxAttempts = 8;

/**
 * Damps a problem and solves it; damping grows tenfold until the Cholesky factor exists.
 *
 * @param weights float weights W [R,K]
 * @throws {InvalidArgumentError} when the statistics are not finite
 */
export function dampProblem(problem: QuadraticProblem, weights: Float64Array, damping: number): DampedProblem {
  const { columns, rows } = problem;
  let trace = 0;
  for (let i = 0; i < columns; i++) trace += problem.gram[i * columns + i] as number;
  const unit = trace > 0 ? trace / columns : 1;
  for (let attempt = 0, factor = damping; ; attempt++, factor = Math.max(factor * 10, 1e-10)) {
    const lambda = factor * unit;
    const gram = new Float64Array(problem.gram);
    for (let i = 0; i < columns; i++) gram[i * columns + i] = (gram[i * columns + i] as number) + lambda;
    const cross = new Float64Array(problem.cross);
    for (let i = 0; i < rows * columns; i++) cross[i] = (cross[i] as number) + lambda * (weights[i] as number);
    try {
      const optimum = new Float64Array(cross);
      solveRows(choleskyUpper(gram, columns), columns, optimum);
      return { ...problem, gram, cross, optimum };
    } catch (error) {
      if (attempt >= maxAttempts) throw error;
    }
  }
}
