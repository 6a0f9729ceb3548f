import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { tailsObserver } from './tails';

describe('tailsObserver', () => {
  it('keeps the outermost values of both ends', () => {
    const observer = tailsObserver.create({ size: 3 });
    observer.observe(view(Float32Array.from({ length: 100 }, (_, i) => (i * 37) % 100)));
    observer.observe(view([99, -5]));
    const { smallest, largest } = observer.stats();
    expect([...smallest[0]!]).toEqual([-5, 0, 1]);
    expect([...largest[0]!]).toEqual([98, 99, 99]);
  });

  it('holds small data completely', () => {
    const observer = tailsObserver.create();
    observer.observe(view([3, -1, 2]));
    expect([...observer.stats().largest[0]!]).toEqual([-1, 2, 3]);
    expect([...observer.stats().smallest[0]!]).toEqual([-1, 2, 3]);
  });
});
