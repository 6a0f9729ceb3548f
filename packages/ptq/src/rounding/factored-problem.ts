import { choleskyUpper } from './cholesky';
import { dampProblem, type QuadraticProblem } from './quadratic-problem';

/** A damped problem, its columns in the order of rounding, with gram = UᵀU in that order. */
export interface FactoredProblem {
  /** The damped problem, columns in their own order. */
  readonly damped: QuadraticProblem;
  /** Columns from the last to be rounded to the first. */
  readonly order: Int32Array;
  /** U [K,K], upper triangular, row-major. */
  readonly factor: Float64Array;
  /** Y = cross·U⁻¹ [R,K]: error(ŵ) = energy − ‖y‖² + ‖Uŵ − y‖². */
  readonly right: Float64Array;
}

const maxAttempts = 8;

/**
 * Damps a problem and factors it; where the matrix is not positive definite, damping grows tenfold.
 *
 * @param activationOrder columns with large diagonal are rounded first (GPTQ's act-order); else the first column first
 * @throws {InvalidArgumentError} when the statistics are not finite
 */
export function factorProblem(
  problem: QuadraticProblem,
  weights: Float64Array,
  damping: number,
  activationOrder = true,
): FactoredProblem {
  const order = roundingOrder(problem, activationOrder);
  const { columns } = problem;
  for (let attempt = 0, strength = damping; ; attempt++, strength = Math.max(10 * strength, 1e-10)) {
    const damped = dampProblem(problem, weights, strength);
    try {
      const factor = choleskyUpper(permuteSymmetric(damped.gram, order), columns);
      return { damped, order, factor, right: forwardSolve(factor, permuteColumns(damped.cross, order), columns) };
    } catch (error) {
      if (attempt >= maxAttempts) throw error;
    }
  }
}

/** Real-valued optimum W° = cross·gram⁻¹ [R,K], columns in their own order. */
export function realOptimum({ damped, order, factor, right }: FactoredProblem): Float64Array {
  const { rows, columns } = damped;
  const result = new Float64Array(rows * columns);
  const w = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    const base = r * columns;
    for (let i = columns - 1; i >= 0; i--) {
      let rest = right[base + i] as number;
      for (let j = i + 1; j < columns; j++) rest -= (factor[i * columns + j] as number) * (w[j] as number);
      w[i] = rest / (factor[i * columns + i] as number);
      result[base + (order[i] as number)] = w[i] as number;
    }
  }
  return result;
}

// — internals —

function roundingOrder({ gram, columns }: QuadraticProblem, activationOrder: boolean): Int32Array {
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

function permuteColumns(rows: Float64Array, order: Int32Array): Float64Array {
  const columns = order.length;
  return rows.map((_, i) => rows[i - (i % columns) + (order[i % columns] as number)] as number);
}

/** Solves Y·U = B row by row, eight rows at a time so that each row of U is read once for eight. */
function forwardSolve(u: Float64Array, rows: Float64Array, columns: number): Float64Array {
  const count = rows.length / columns;
  for (let first = 0; first < count; first += 8) {
    const last = Math.min(first + 8, count);
    for (let i = 0; i < columns; i++) {
      const row = i * columns;
      const pivot = u[row + i] as number;
      for (let r = first; r < last; r++) {
        const base = r * columns;
        const y = (rows[base + i] as number) / pivot;
        rows[base + i] = y;
        if (y === 0) continue;
        for (let j = i + 1; j < columns; j++) rows[base + j] = (rows[base + j] as number) - (u[row + j] as number) * y;
      }
    }
  }
  return rows;
}
