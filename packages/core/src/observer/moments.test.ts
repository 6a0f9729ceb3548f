import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { momentsObserver } from './moments';

describe('momentsObserver', () => {
  it('gives count, mean, M2 and mean magnitudes', () => {
    const observer = momentsObserver.create();
    observer.observe(view([-1, 2, 3]));
    observer.observe(view([-4]));
    const stats = observer.stats();
    // mean 0; M2 = 1+4+9+16 = 30; mean|x| 2.5; mean x² 7.5
    expect([stats.count, stats.mean[0], stats.m2[0], stats.meanAbs[0], stats.meanSquare[0]]).toEqual([
      4, 0, 30, 2.5, 7.5,
    ]);
  });

  it('does not lose a small variance around a large mean', () => {
    const observer = momentsObserver.create();
    observer.observe(view([1e6 + 1, 1e6 - 1, 1e6 + 1, 1e6 - 1]));
    observer.observe(view([3e38, -3e38, 1e-40]));
    observer.observe(view([-3e38, 3e38]));
    const tight = momentsObserver.create();
    tight.observe(view([16777215, 16777213, 16777214]));
    expect([tight.stats().mean[0], tight.stats().m2[0]]).toEqual([16777214, 2]);
    const sum = 4e6 + Math.fround(1e-40);
    expect(observer.stats().mean[0]).toBe(sum / 9);
  });
});
