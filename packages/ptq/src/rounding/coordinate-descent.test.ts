import { describe, expect, it } from 'vitest';
import { randomProblem } from './__fixtures__/random-problem';
import { descendCoordinates } from './coordinate-descent';
import { rowErrors } from './quadratic-problem';
import { levelsToWeights, nearestLevels } from './weight-grid';

const options = { sweeps: 20, refits: 0, smallestScale: new Float64Array(6) };
const grid = { scale: new Float64Array(6).fill(0.4), low: -2, high: 1 };

describe('descendCoordinates', () => {
  it('never raises the error of a row, with and without fitting the scale', () => {
    const { problem, factored, weights } = randomProblem(6, 30, 9);
    for (const refits of [0, 5]) {
      const levels = nearestLevels(weights, 30, grid);
      const before = levelsToWeights(levels, 30, grid.scale);
      const { scale } = descendCoordinates(factored.damped, levels, grid, { ...options, refits });
      const after = levelsToWeights(levels, 30, scale);
      const start = rowErrors(problem, before);
      for (const [r, error] of rowErrors(problem, after).entries())
        expect(error).toBeLessThanOrEqual(start[r]! + 1e-12);
    }
  });

  it('stops where no single level can be improved', () => {
    const { problem, factored, weights } = randomProblem(1, 8, 4);
    const one = { scale: Float64Array.of(0.4), low: -2, high: 1 };
    const levels = nearestLevels(weights, 8, one);
    descendCoordinates(factored.damped, levels, one, { ...options, smallestScale: new Float64Array(1) });
    const errorOf = (of: Float64Array): number => rowErrors(problem, levelsToWeights(of, 8, one.scale))[0]!;
    const least = errorOf(levels);
    for (let k = 0; k < 8; k++) {
      for (let level = -2; level <= 1; level++) {
        const changed = levels.slice();
        changed[k] = level;
        expect(errorOf(changed)).toBeGreaterThanOrEqual(least - 1e-12);
      }
    }
  });

  it('keeps scales at or above the smallest allowed', () => {
    const { factored, weights } = randomProblem(6, 30, 9);
    const smallestScale = new Float64Array(6).fill(0.39);
    const { scale } = descendCoordinates(factored.damped, nearestLevels(weights, 30, grid), grid, {
      ...options,
      refits: 5,
      smallestScale,
    });
    for (const s of scale) expect(s).toBeGreaterThanOrEqual(0.39);
  });
});
