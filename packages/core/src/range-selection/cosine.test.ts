import { describe, expect, it } from 'vitest';
import { uint4 } from '../dtype';
import { histogramObserver } from '../observer/histogram';
import { int8Weight } from '../presets';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { distributions, randomData } from '../testing/random-tensor';
import { cosine } from './cosine';

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
