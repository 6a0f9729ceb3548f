import { describe, expect, it } from 'vitest';
import { randomProblem } from './__fixtures__/random-problem';
import { adaRound } from './adaround';
import { realOptimum } from './factored-problem';
import { rowErrors } from './quadratic-problem';
import { levelsToWeights, nearestLevels } from './weight-grid';

const options = { iterations: 300, learningRate: 0.02, regularization: 0.05, warmUp: 0.2 };

describe('adaRound', () => {
  const { problem, factored, weights } = randomProblem(6, 32, 21);
  const { damped } = factored;
  const optimum = realOptimum(factored);
  const grid = { scale: new Float64Array(6).fill(0.3), low: -4, high: 3 };
  const multiply = (d: Float32Array): Promise<Float32Array> => {
    const out = new Float32Array(d.length);
    for (let r = 0; r < 6; r++) {
      for (let i = 0; i < 32; i++) {
        for (let j = 0; j < 32; j++) out[r * 32 + j]! += d[r * 32 + i]! * damped.gram[i * 32 + j]!;
      }
    }
    return Promise.resolve(out);
  };

  it('finds levels with less output error than round-to-nearest', async () => {
    const error = (of: Float64Array): number =>
      rowErrors(problem, levelsToWeights(of, 32, grid.scale)).reduce((a, b) => a + b, 0);
    const levels = await adaRound(damped, optimum, grid, multiply, options);
    expect(error(levels)).toBeLessThan(0.6 * error(nearestLevels(weights, 32, grid)));
  });

  it('rounds every weight down or up, inside the levels', async () => {
    const levels = await adaRound(damped, optimum, grid, multiply, options);
    for (const [i, level] of levels.entries()) {
      const exact = Math.min(Math.max(optimum[i]! / 0.3, -4), 3);
      expect(Math.abs(level - exact)).toBeLessThanOrEqual(1 + 1e-6);
      expect(level >= -4 && level <= 3 && Number.isInteger(level)).toBe(true);
    }
  });

  it('gives the same levels twice', async () => {
    const [a, b] = [
      await adaRound(damped, optimum, grid, multiply, options),
      await adaRound(damped, optimum, grid, multiply, options),
    ];
    expect(a).toEqual(b);
  });
});
