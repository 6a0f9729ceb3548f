import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { movingAverageObserver } from './moving-average';

describe('movingAverageObserver', () => {
  it('copies the first batch and then averages', () => {
    const observer = movingAverageObserver.create({ momentum: 0.5 });
    observer.observe(view([0, 8]));
    observer.observe(view([-4, 4]));
    observer.observe(view([0, 0]));
    // lo: 0 → −2 → −1;  hi: 8 → 6 → 3
    const { range } = observer.stats();
    expect([range.min[0], range.max[0]]).toEqual([-1, 3]);
  });

  it('forgets batches that weigh less than 2^-60', () => {
    const observer = movingAverageObserver.create({ momentum: 0.5 });
    for (let i = 0; i < 200; i++) observer.observe(view([i]));
    expect((observer.toJSON()['batches'] as unknown[]).length).toBe(60);
    expect(observer.stats().range.max[0]).toBeCloseTo(198, 10);
  });
});
