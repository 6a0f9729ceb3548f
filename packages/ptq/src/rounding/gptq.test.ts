import { describe, expect, it } from 'vitest';
import { randomProblem } from './__fixtures__/random-problem';
import { excessOf } from './adaround';
import { choleskyUpper } from './cholesky';
import { gptqRounder } from './gptq';
import { dampProblem, rowError } from './quadratic-problem';
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

describe('gptqRounder', () => {
  it('is the published recursion', () => {
    const { damped, weights } = randomProblem(5, 24, 11);
    const { levels } = gptqRounder(damped, false)(grid(5));
    expect([...levels]).toEqual([...textbookGptq(damped.gram, weights, 5, 24, 0.2)]);
  });

  it('rounds to nearest when inputs are uncorrelated', () => {
    const columns = 12;
    const gram = new Float64Array(columns * columns);
    for (let i = 0; i < columns; i++) gram[i * columns + i] = i + 1;
    const { weights } = randomProblem(3, columns, 2);
    const cross = weights.map((w, i) => w * ((i % columns) + 1));
    const damped = dampProblem({ rows: 3, columns, gram, cross, energy: new Float64Array(3) }, weights, 0.01);
    expect([...gptqRounder(damped)(grid(3)).levels]).toEqual([...nearestLevels(weights, columns, grid(3))]);
  });

  it('reports the error of its rows exactly, and it is below that of round-to-nearest', () => {
    const { problem, damped, weights } = randomProblem(8, 40, 5);
    const { levels, excess } = gptqRounder(damped)(grid(8));
    const direct = excessOf(damped, levels, grid(8).scale);
    let chosen = 0;
    let nearest = 0;
    const rounded = levelsToWeights(levels, 40, grid(8).scale);
    const plain = levelsToWeights(nearestLevels(weights, 40, grid(8)), 40, grid(8).scale);
    for (let r = 0; r < 8; r++) {
      expect(excess[r]).toBeCloseTo(direct[r]!, 8);
      chosen += rowError(problem, r, rounded, r * 40);
      nearest += rowError(problem, r, plain, r * 40);
    }
    expect(chosen).toBeLessThan(0.7 * nearest);
  });
});

describe('dampProblem', () => {
  it('keeps the weights of dead inputs and survives a singular matrix', () => {
    const weights = Float64Array.of(0.5, -0.3, 0.7);
    const gram = Float64Array.of(1, 1, 0, 1, 1, 0, 0, 0, 0);
    const cross = Float64Array.of(0.2, 0.2, 0);
    const { optimum } = dampProblem({ rows: 1, columns: 3, gram, cross, energy: Float64Array.of(1) }, weights, 0.01);
    expect(optimum[2]).toBeCloseTo(0.7, 12);
    expect(optimum[0]! + optimum[1]!).toBeCloseTo(0.2, 3);
  });
});
