import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { meanObserver } from './mean';

describe('meanObserver', () => {
  it('gives channel means', () => {
    const observer = meanObserver.create({ axis: 1 });
    observer.observe(view([1, 10, 100, 2, 20, 200], [2, 3]));
    observer.observe(view([3, 30, 300], [1, 3]));
    expect([...observer.stats().mean]).toEqual([2, 20, 200]);
  });
});
