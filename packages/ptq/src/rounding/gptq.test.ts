import { describe, expect, it } from 'vitest';
import { randomProblem } from './__fixtures__/random-problem';
import { choleskyUpper } from './cholesky';
import { factorProblem, realOptimum } from './factored-problem';
import { gptqRound, gptqRoundScales } from './gptq';
import { rowErrors } from './quadratic-problem';
import { levelsToWeights, nearestLevel, nearestLevels } from './weight-grid';

const grid = (rows: number, scale = 0.2) => ({ scale: new Float64Array(rows).fill(scale), low: -4, high: 3 });

/** GPTQ as published: the upper Cholesky factor of the inverse, columns first to last, errors passed on. */
function textbookGptq(gram: Float64Array, weights: Float64Array, rows: number, k: number, scale: number): Float64Array {
  const inverse = new Float64Array(k * k);
  const u = choleskyUpper(gram, k);
  for (let c = 0; c < k; c++) {
    const y = new Float64Array(k);
    for (let i = 0; i < k; i++) {
      let sum = i === c ? 1 : 0;
      for (let j = 0; j < i; j++) sum -= u[j * k + i]! * y[j]!;
      y[i] = sum / u[i * k + i]!;
    }
    for (let i = k - 1; i >= 0; i--) {
      let sum = y[i]!;
      for (let j = i + 1; j < k; j++) sum -= u[i * k + j]! * inverse[j * k + c]!;
      inverse[i * k + c] = sum / u[i * k + i]!;
    }
  }
  const factor = choleskyUpper(inverse, k);
  const w = Float64Array.from(weights);
  const levels = new Float64Array(rows * k);
  for (let i = 0; i < k; i++) {
    for (let r = 0; r < rows; r++) {
      levels[r * k + i] = nearestLevel(w[r * k + i]!, scale, -4, 3);
      const error = (w[r * k + i]! - levels[r * k + i]! * scale) / factor[i * k + i]!;
      for (let j = i; j < k; j++) w[r * k + j]! -= error * factor[i * k + j]!;
    }
  }
  return levels;
}

describe('gptqRound', () => {
  it('is the published recursion', () => {
    const { problem, weights } = randomProblem(5, 24, 11);
    const { levels } = gptqRound(factorProblem(problem, weights, 0, false), grid(5));
    expect([...levels]).toEqual([...textbookGptq(problem.gram, weights, 5, 24, 0.2)]);
  });

  it('rounds to nearest when inputs are uncorrelated', () => {
    const columns = 12;
    const gram = new Float64Array(columns * columns);
    for (let i = 0; i < columns; i++) gram[i * columns + i] = i + 1;
    const { weights } = randomProblem(3, columns, 2);
    const cross = weights.map((w, i) => w * ((i % columns) + 1));
    const factored = factorProblem({ rows: 3, columns, gram, cross, energy: new Float64Array(3) }, weights, 0.01);
    expect([...gptqRound(factored, grid(3)).levels]).toEqual([...nearestLevels(weights, columns, grid(3))]);
  });

  it('reports the error of its rows exactly, and it is below that of round-to-nearest', () => {
    const { problem, factored, weights } = randomProblem(8, 40, 5);
    const { levels, excess } = gptqRound(factored, grid(8));
    const chosen = rowErrors(problem, levelsToWeights(levels, 40, grid(8).scale));
    const nearest = rowErrors(problem, levelsToWeights(nearestLevels(weights, 40, grid(8)), 40, grid(8).scale));
    const least = rowErrors(problem, realOptimum(factored));
    for (let r = 0; r < 8; r++) expect(excess[r]! + least[r]!).toBeCloseTo(chosen[r]!, 8);
    const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
    expect(sum(chosen)).toBeLessThan(0.7 * sum(nearest));
  });

  it('picks the best scale of every row, but none below its limit', () => {
    const { factored } = randomProblem(8, 40, 5);
    const smallest = new Float64Array(8).fill(0.15);
    const { excess, scale } = gptqRoundScales(factored, grid(8), [1, 0.5, 1.5], smallest);
    for (const factor of [0.75, 1, 1.5]) {
      const one = gptqRound(factored, grid(8, Math.fround(0.2 * factor)));
      for (let r = 0; r < 8; r++) expect(excess[r]!).toBeLessThanOrEqual(one.excess[r]! * (1 + 1e-6));
    }
    for (const s of scale) expect(s).toBeGreaterThanOrEqual(0.15);
  });
});

describe('factorProblem', () => {
  it('keeps the weights of dead inputs and survives a singular matrix', () => {
    const weights = Float64Array.of(0.5, -0.3, 0.7);
    const gram = Float64Array.of(1, 1, 0, 1, 1, 0, 0, 0, 0);
    const cross = Float64Array.of(0.2, 0.2, 0);
    const problem = { rows: 1, columns: 3, gram, cross, energy: Float64Array.of(1) };
    const optimum = realOptimum(factorProblem(problem, weights, 0.01));
    expect(optimum[2]).toBeCloseTo(0.7, 12);
    expect(optimum[0]! + optimum[1]!).toBeCloseTo(0.2, 3);
  });
});
