import { describe, expect, it } from 'vitest';
import { momentsObserver } from '../observer/moments';
import { uint8Activation } from '../presets';
import { view } from '../tensor-view';
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
