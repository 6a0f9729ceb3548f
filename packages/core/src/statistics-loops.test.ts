import { describe, expect, it } from 'vitest';
import { perAxis, perTensor } from './granularity';
import { histogram, minMax } from './statistics-loops';
import { view } from './tensor-view';

describe('minMax', () => {
  it('gives the extremes per parameter and counts what is not finite', () => {
    const out = { min: new Float32Array(2), max: new Float32Array(2) };
    const x = view([1, -2, Number.NaN, 4, Number.POSITIVE_INFINITY, -5], [2, 3]);
    expect(minMax(x, perAxis(0), out)).toBe(2);
    expect([...out.min, ...out.max]).toEqual([-2, -5, 1, 4]);
  });

  it('leaves ±Infinity where there is nothing', () => {
    const out = { min: new Float32Array(1), max: new Float32Array(1) };
    expect(minMax(view([], [0]), perTensor, out)).toBe(0);
    expect([out.min[0], out.max[0]]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(() => minMax(view([1]), perAxis(0), { ...out, min: new Float32Array(2) })).toThrow(/min of length 1/);
  });
});

describe('histogram', () => {
  it('anchors bins at 0: bin k holds [k·w, (k + 1)·w), negative ones too', () => {
    const counts = new Float64Array(4);
    // w = 1/2, bins −2…1 cover [−1, 1).
    const data = Float32Array.of(-1, -0.5, -0.25, 0, 0.49, 0.5, 1, -1.01, Number.NaN);
    expect(histogram(data, { exponent: -1, firstBin: -2 }, counts)).toBe(3);
    expect([...counts]).toEqual([1, 2, 2, 1]);
  });

  it('adds to the counts it is given and refuses a grid that is none', () => {
    const counts = Float64Array.of(5);
    histogram(Float32Array.of(0.5), { exponent: 0, firstBin: 0 }, counts);
    expect([...counts]).toEqual([6]);
    expect(() => histogram(new Float32Array(0), { exponent: 0.5, firstBin: 0 }, counts)).toThrow(/integer exponent/);
  });
});
