import { describe, expect, it } from 'vitest';
import { randomProblem } from './__fixtures__/random-problem';
import { adaRound, excessOf } from './adaround';
import { nearestLevels } from './weight-grid';

const options = { iterations: 300, learningRate: 0.02, regularization: 0.05, warmUp: 0.2 };

describe('adaRound', () => {
  const { damped, weights } = randomProblem(6, 32, 21);
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
    const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
    const { excess } = await adaRound(damped, grid, multiply, options);
    const nearest = excessOf(damped, nearestLevels(weights, 32, grid), grid.scale);
    expect(sum(excess)).toBeLessThan(0.6 * sum(nearest));
  });

  it('rounds every weight down or up, inside the levels', async () => {
    const { levels } = await adaRound(damped, grid, multiply, options);
    for (const [i, level] of levels.entries()) {
      const exact = Math.min(Math.max(damped.optimum[i]! / 0.3, -4), 3);
      expect(Math.abs(level - exact)).toBeLessThanOrEqual(1 + 1e-6);
      expect(level >= -4 && level <= 3 && Number.isInteger(level)).toBe(true);
    }
  });

  it('gives the same levels twice', async () => {
    const [a, b] = [await adaRound(damped, grid, multiply, options), await adaRound(damped, grid, multiply, options)];
    expect(a.levels).toEqual(b.levels);
  });
});
