import { randomNormal, randomSource } from '@bitwright/core/testing';
import { describe, expect, it } from 'vitest';
import { clippedNormal, normalDistribution } from './normal-moments';

describe('normalDistribution', () => {
  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1, 0.15865525393145707],
    [3, 0.9986501019683699],
    [-5, 2.866515718791939e-7],
    [-10, 7.61985302416052e-24],
  ])('of %f is %f', (x, value) => {
    expect(Math.abs(normalDistribution(x) - value)).toBeLessThan(1e-14 * value + 1e-17);
  });
});

describe('clippedNormal', () => {
  it.each([
    { mean: 0.3, std: 1.5, lower: 0, upper: Number.POSITIVE_INFINITY },
    { mean: -2, std: 1, lower: 0, upper: Number.POSITIVE_INFINITY },
    { mean: 3, std: 2, lower: 0, upper: 6 },
    { mean: 1, std: 4, lower: -1, upper: 2 },
  ])('agrees with sampling for N($mean, $std²) within [$lower, $upper]', ({ mean, std, lower, upper }) => {
    const random = randomSource(1);
    const count = 200_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const x = Math.min(Math.max(mean + std * randomNormal(random), lower), upper);
      sum += x;
      squares += x * x;
    }
    const expected = clippedNormal(mean, std, lower, upper);
    // Four standard errors of the sample, and the sum of twelve uniforms is not quite normal in its tails.
    const tolerance = (4 * expected.std) / Math.sqrt(count) + 0.003;
    expect(Math.abs(expected.mean - sum / count)).toBeLessThan(tolerance);
    expect(Math.abs(expected.std - Math.sqrt(squares / count - (sum / count) ** 2))).toBeLessThan(2 * tolerance);
  });

  it('leaves a distribution alone that is not clipped', () => {
    const open = clippedNormal(2, 3, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    expect(open.mean).toBeCloseTo(2, 12);
    expect(open.std).toBeCloseTo(3, 12);
  });

  it('gives the value itself without a deviation', () => {
    expect(clippedNormal(-1, 0, 0, 6)).toEqual({ mean: 0, std: 0 });
    expect(clippedNormal(7, 0, 0, 6)).toEqual({ mean: 6, std: 0 });
  });
});
