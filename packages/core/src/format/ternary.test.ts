import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { chooseTernaryParams, ternaryFormat, ternaryScheme } from './ternary';

describe('ternaryFormat', () => {
  it('follows the rule of Ternary Weight Networks', () => {
    // mean|w| = (1 + 0.5 + 0.25 + 2.25)/4 = 1, Δ = 0.7, scale = (1 + 2.25)/2 = 1.625.
    const weights = view([1, -0.5, 0.25, -2.25]);
    const scheme = ternaryScheme();
    const params = chooseTernaryParams(weights, scheme);
    expect([params.threshold[0], params.scale[0]]).toEqual([Math.fround(0.7), 1.625]);
    expect([...ternaryFormat.quantize(weights, scheme, params)]).toEqual([1, 0, 0, -1]);
    expect([...ternaryFormat.fakeQuantize(weights, scheme, params)]).toEqual([1.625, 0, 0, -1.625]);
  });

  it('keeps values on the threshold at 0', () => {
    const params = { scale: Float32Array.of(1), threshold: Float32Array.of(0.5) };
    expect([...ternaryFormat.quantize(view([0.5, -0.5, 0.51, -0.51]), ternaryScheme(), params)]).toEqual([0, 0, 1, -1]);
  });

  it('has the scale that minimises the squared error for its threshold', () => {
    const weights = view(Array.from({ length: 100 }, (_, i) => Math.sin(i * 12.9898) * 2));
    const scheme = ternaryScheme();
    const params = chooseTernaryParams(weights, scheme);
    const errorWith = (factor: number) => {
      const scale = params.scale.map((s) => s * factor);
      const onGrid = ternaryFormat.fakeQuantize(weights, scheme, { ...params, scale });
      return onGrid.reduce((sum, v, i) => sum + (v - weights.data[i]!) ** 2, 0);
    };
    expect(errorWith(1)).toBeLessThan(errorWith(1.01));
    expect(errorWith(1)).toBeLessThan(errorWith(0.99));
  });

  it('gives scale 1 where nothing passes the threshold', () => {
    const params = chooseTernaryParams(view([1, 1]), ternaryScheme({ thresholdFactor: 2 }));
    expect([params.scale[0], params.threshold[0]]).toEqual([1, 2]);
    expect(() =>
      ternaryFormat.assertParams({ ...params, threshold: Float32Array.of(-1) }, ternaryScheme(), 'w'),
    ).toThrow(/thresholds ≥ 0, received -1/);
  });
});
