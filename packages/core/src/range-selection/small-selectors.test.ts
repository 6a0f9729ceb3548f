import { describe, expect, it } from 'vitest';
import { int8, uint4, uint8 } from '../dtype';
import { perAxis } from '../granularity';
import { histogramObserver } from '../observer/histogram';
import { minMaxObserver } from '../observer/min-max';
import { momentsObserver } from '../observer/moments';
import { topTwoObserver } from '../observer/top-two';
import { int8PerChannelWeight, int8Weight, uint8Activation } from '../presets';
import { chooseQParams } from '../qparams';
import { quantize } from '../quantize';
import type { Range } from '../range';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { distributions, randomData } from '../testing/random-tensor';
import { cosine } from './cosine';
import { fullRange } from './full-range';
import { lsqStep } from './lsq-step';
import { orderPreserving } from './order-preserving';
import { selectQParams } from './select-qparams';
import { standardDeviation } from './standard-deviation';

describe('standardDeviation', () => {
  it('clips at n population deviations around the mean, inside the extremes', () => {
    // mean 2, population variance (4+1+0+1+4)/5 = 2
    const observer = momentsObserver.create();
    observer.observe(view([0, 1, 2, 3, 4]));
    const one = standardDeviation(1).selectRange(observer.stats(), uint8Activation);
    expect([one.min[0], one.max[0]]).toEqual([2 - Math.SQRT2, 2 + Math.SQRT2]);
    const many = standardDeviation(5).selectRange(observer.stats(), uint8Activation);
    expect([many.min[0], many.max[0]]).toEqual([0, 4]);
  });
});

describe('lsqStep', () => {
  const statsOf = (data: number[]) => {
    const observer = momentsObserver.create();
    observer.observe(view(data));
    return observer.stats();
  };

  it.each([
    ['symmetric signed', int8Weight, 127],
    ['symmetric unsigned', linearScheme({ dtype: uint8, mapping: 'symmetric', unsignedZero: 'zero' }), 255],
    ['half span', linearScheme({ dtype: int8, mapping: 'symmetric', divisor: 'halfSpan' }), 127.5],
    ['asymmetric', uint8Activation, 255],
  ])('makes chooseQParams return 2·mean|x|/√p: %s', (_name, scheme, p) => {
    // mean|x| = 1.5
    const range = lsqStep.selectRange(statsOf([-1, 2, 1, 2]), scheme);
    const { scale } = chooseQParams(range, scheme);
    const float32Rounding = 2 ** -22;
    expect(Math.abs(scale[0]! / (3 / Math.sqrt(p)) - 1)).toBeLessThan(float32Rounding);
  });
});

describe('cosine', () => {
  const statsOf = (data: Float32Array) => {
    const observer = histogramObserver.create();
    observer.observe(view(data));
    return observer.stats();
  };

  it('finds a smaller scale than the full range for few bits and outliers', () => {
    const data = randomData(distributions['outliers']!, 2, 20_000).map((v) => Math.max(-8, Math.min(8, v)));
    const scheme = linearScheme({ dtype: uint4, mapping: 'symmetric' });
    const { max } = cosine().selectRange(statsOf(data), scheme);
    expect(max[0]).toBeLessThan(8);
  });

  it('maximises a similarity of the caller’s own', () => {
    // Peak at scale 0.01: the candidate nearest to it wins.
    const similarity = ({ scale }: { scale: Float32Array }): number => -Math.abs(scale[0]! - 0.01);
    const stats = statsOf(Float32Array.of(-1.27, 1));
    const { min } = cosine({ similarity, steps: 151 }).selectRange(stats, int8Weight);
    expect(-min[0]! / 127).toBeCloseTo(0.01, 8);
  });
});

describe('orderPreserving', () => {
  it('keeps the winners apart that the full range would merge', () => {
    // One row reaches 100; at its step of 0.392, 5 and 4.95 get one code: 5/0.392 = 12.75 → 13, 4.95/0.392 = 12.62 → 13.
    const rows = [100, 0, 0, 5, 4.95, 0, 3.3, 3.25, 0, 1.5, 1.45, 0];
    const observer = topTwoObserver.create();
    observer.observe(view(rows, [4, 3]));
    const lost = (range: Range): number => {
      const codes = quantize(view(rows, [4, 3]), uint8Activation, chooseQParams(range, uint8Activation));
      return [0, 3, 6, 9].filter((row) => codes[row] === codes[row + 1]).length;
    };
    expect(lost(observer.stats().range)).toBeGreaterThan(0);
    expect(lost(orderPreserving.selectRange(observer.stats(), uint8Activation))).toBe(0);
  });

  it('keeps the full range when nothing gets lost', () => {
    const observer = topTwoObserver.create();
    observer.observe(view([4, 1, 0, 1, 3, 2], [2, 3]));
    expect(orderPreserving.selectRange(observer.stats(), uint8Activation).max[0]).toBe(4);
  });
});

describe('selectQParams', () => {
  it('takes an observer or its statistics and gives scale and zero point', () => {
    const observer = minMaxObserver.create();
    observer.observe(view([-1, 3]));
    const fromObserver = selectQParams(observer, fullRange, uint8Activation);
    expect(fromObserver).toEqual(selectQParams(observer.stats(), fullRange, uint8Activation));
    expect(fromObserver.qparams.zeroPoint[0]).toBe(64);
    expect(fromObserver.notes).toEqual([]);
  });

  it('notes degenerate parameters', () => {
    const observer = minMaxObserver.create({ axis: 0 });
    observer.observe(view([0, 0, 2, 2, 1, 5, 1e-44, -1e-44], [4, 2]));
    const { notes, qparams } = selectQParams(observer, fullRange, int8PerChannelWeight);
    expect(qparams.scale[0]).toBe(1);
    expect(notes).toEqual([
      'parameters 0: all observed values are 0; scale 1',
      'parameters 1: all observed values are equal; the range is from 0 to that value',
      'parameters 3: the range is too small for a float32 scale; scale 1',
    ]);
  });

  it('refuses per-channel statistics for a per-tensor scheme', () => {
    const observer = minMaxObserver.create({ axis: 0 });
    observer.observe(view([0, 1, 2, 3], [2, 2]));
    expect(() => selectQParams(observer, fullRange, int8Weight)).toThrow(/without axis/);
    expect(selectQParams(observer, fullRange, linearScheme({ dtype: int8, granularity: perAxis(0) })).notes).toEqual(
      [],
    );
  });
});
