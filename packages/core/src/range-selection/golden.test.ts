import { describe, expect, it } from 'vitest';
import golden from '../__fixtures__/golden/observer-ranges.json';
import { int8 } from '../dtype';
import { fixedHistogramObserver } from '../observer/fixed-histogram';
import { histogramObserver } from '../observer/histogram';
import type { HistogramStats } from '../observer/histogram-stats';
import { minMaxObserver } from '../observer/min-max';
import { uint8Activation } from '../presets';
import type { Range } from '../range';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { optimalClip } from './clipping-optimum';
import { entropy } from './entropy';
import { percentile } from './percentile';

const { count } = golden.provenance;
const symmetric = linearScheme({ dtype: int8, mapping: 'symmetric' });

/** Uniform k·2^−32 of a counter; the same as `hashed` of tools/golden/make_observer_vectors.py. */
function hashed(counter: number): number {
  let z = Math.imul(counter, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
}

function tensor(kind: string, start: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let n = -6;
    for (let k = 0; k < 12; k++) n += hashed(start + 12 * i + k);
    const u = hashed(start + 12 * count + i);
    const values: Record<string, number> = {
      normal: n,
      longTailed: n * n * n,
      relu: Math.max(n, 0),
      positive: 0.5 + u,
      negative: -1.5 + u,
      outliers: n * (u < 0.0005 ? 100 : 1),
      tiny: n * 2 ** -60,
      few: Math.floor(5 * u) * 0.75,
      powerOfTwo: i === 7 ? 8 : n,
    };
    return values[kind]!;
  });
}

function fixedStats(data: Float32Array, bins: number, min: number, max: number, absolute = false): HistogramStats {
  const observer = fixedHistogramObserver.create({ bins, min, max, absolute });
  observer.observe(view(data));
  return observer.stats();
}

const bounds = ({ min, max }: Range): number[] => [min[0]!, max[0]!];

describe.each(golden.calibrators)('calibration equal to onnxruntime.quantization 1.30: $kind', (expected) => {
  const data = tensor(expected.kind, expected.start);

  it('observes the same extremes', () => {
    const observer = minMaxObserver.create();
    observer.observe(view(data));
    expect(bounds(observer.stats().range)).toEqual(expected.minMax);
  });

  it.each(expected.entropy)('entropy with $bins bins and $levels levels', ({ bins, levels, range, checksum }) => {
    const stats = fixedStats(data, bins, -expected.threshold, expected.threshold);
    const [histogram] = stats.histograms;
    expect(histogram!.counts.reduce((sum, c, i) => sum + c * i, 0)).toBe(checksum);
    expect(bounds(entropy({ variant: 'onnxruntime', levels }).selectRange(stats, uint8Activation))).toEqual(range);
  });

  it.each(expected.percentile)('percentile $p, symmetric $symmetric', ({ p, symmetric: isSymmetric, range }) => {
    const [least, most] = expected.magnitudes as [number, number];
    const stats = isSymmetric
      ? fixedStats(data, 2048, least, most, true)
      : fixedStats(data, 2048, -expected.threshold, expected.threshold);
    const selector = percentile(p, { position: 'lowerEdge' });
    expect(bounds(selector.selectRange(stats, isSymmetric ? symmetric : uint8Activation))).toEqual(range);
  });
});

describe('the onnxruntime variant on the mergeable histogram', () => {
  it('gives the same range where both have the same bins: a power of two as largest magnitude', () => {
    const expected = golden.calibrators.find(({ kind }) => kind === 'powerOfTwo')!;
    const observer = histogramObserver.create({ bins: 4096 });
    observer.observe(view(tensor('powerOfTwo', expected.start)));
    const [range] = expected.entropy.filter(({ bins }) => bins === 2048).map((entry) => entry.range);
    const selected = bounds(entropy({ variant: 'onnxruntime' }).selectRange(observer.stats(), uint8Activation));
    // 8 itself opens one more bin here (our bins are half open), so the edges may differ by that bin of 2^-7.
    expect(Math.abs(selected[0]! - range![0]!)).toBeLessThanOrEqual(2 ** -6);
    expect(Math.abs(selected[1]! - range![1]!)).toBeLessThanOrEqual(2 ** -6);
  });
});

describe('closed forms', () => {
  it.each(golden.quantiles)('finds the $p % bound of a $distribution histogram', ({ distribution, p, bound }) => {
    // A histogram of exact probabilities, scaled to counts; interpolation inside a bin is first order, so O(width²).
    const width = 2 ** -7;
    const bins = 2 ** 13;
    const edges = Array.from({ length: bins + 1 }, (_, i) => (i - bins / 2) * width);
    const cumulative = (x: number): number => (distribution === 'gauss' ? gaussBelow(x) : laplaceBelow(x));
    const counts = Float64Array.from(
      { length: bins },
      (_, i) => 1e12 * (cumulative(edges[i + 1]!) - cumulative(edges[i]!)),
    );
    const total = counts.reduce((sum, c) => sum + c, 0);
    const histogram = { count: total, min: edges[0]!, max: edges.at(-1)!, start: edges[0]!, width, counts };
    const stats = {
      count: total,
      range: { min: Float64Array.of(-32), max: Float64Array.of(32) },
      histograms: [histogram],
    };
    const interpolationError = width * width;
    const [, hi] = bounds(percentile(p).selectRange(stats, symmetric));
    expect(Math.abs(hi! - bound)).toBeLessThan(interpolationError);
    const [lo] = bounds(percentile(p).selectRange(stats, uint8Activation));
    expect(Math.abs(lo! + bound)).toBeLessThan(interpolationError);
  });

  it.each(golden.clips)('finds the optimal clip of $distribution at $bits bits', ({ distribution, bits, alpha }) => {
    // The golden value is the minimum of the error, flat there: known to about the square root of float64's precision.
    const searchPrecision = 1e-5;
    expect(Math.abs(optimalClip(distribution as 'gauss' | 'laplace', 2 ** bits) - alpha)).toBeLessThan(searchPrecision);
  });
});

function laplaceBelow(x: number): number {
  return x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2;
}

/** Φ(x) by the Taylor series of its integral, for |x| ≤ 6; outside, 0 or 1 to 1e−9. */
function gaussBelow(x: number): number {
  if (Math.abs(x) > 6) return x < 0 ? 0 : 1;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18; n++) {
    term *= (-x * x) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}
