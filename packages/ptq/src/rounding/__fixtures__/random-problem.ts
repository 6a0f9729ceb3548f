import { type FactoredProblem, factorProblem } from '../factored-problem';
import type { QuadraticProblem } from '../quadratic-problem';
import { values } from './residual-network';

/** A problem with correlated inputs (gram = AᵀA/S of random A with a strong common part) and the weights it is about. */
export function randomProblem(
  rows: number,
  columns: number,
  seed: number,
): { problem: QuadraticProblem; factored: FactoredProblem; weights: Float64Array } {
  const samples = 4 * columns;
  const noise = values(samples * columns, seed);
  const common = values(samples, seed + 1);
  const gram = new Float64Array(columns * columns);
  for (let s = 0; s < samples; s++) {
    const x = Array.from({ length: columns }, (_, i) => noise[s * columns + i]! + 1.5 * common[s]! + 0.2 * (i % 3));
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) gram[i * columns + j]! += (x[i]! * x[j]!) / samples;
    }
  }
  const weights = Float64Array.from(values(rows * columns, seed + 2));
  const cross = new Float64Array(rows * columns);
  const energy = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < columns; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += weights[r * columns + j]! * gram[j * columns + i]!;
      cross[r * columns + i] = sum;
      energy[r]! += sum * weights[r * columns + i]!;
    }
  }
  const problem = { rows, columns, gram, cross, energy };
  return { problem, factored: factorProblem(problem, weights, 0), weights };
}
