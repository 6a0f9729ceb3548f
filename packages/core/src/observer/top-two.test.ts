import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { topTwoObserver } from './top-two';

describe('topTwoObserver', () => {
  it('keeps the rows that are closest and the rows that are highest', () => {
    const observer = topTwoObserver.create({ size: 1 });
    observer.observe(view([1, 5, 2, 9, 8.5, 0, 0.1, 0, 0], [3, 3]));
    const { rows, critical } = observer.stats();
    expect(rows).toBe(3);
    expect(critical).toEqual([
      [Math.fround(0.1), 0],
      [9, 8.5],
    ]);
  });

  it('counts a row once that is in both lists, and equal rows as often as they occur', () => {
    const observer = topTwoObserver.create({ size: 8 });
    observer.observe(view([2, 1, 2, 1, 4, 0], [3, 2]));
    expect(observer.stats().critical).toHaveLength(3);
    const small = topTwoObserver.create({ size: 2 });
    small.observe(view([2, 1, 2, 1, 9, 0], [3, 2]));
    expect(small.stats().critical).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  it('needs two classes', () => {
    expect(() => topTwoObserver.create().observe(view([1, 2], [2, 1]))).toThrow(/at least two classes/);
  });
});
