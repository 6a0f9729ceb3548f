import { describe, expect, it } from 'vitest';
import { dataRange } from './data-range';
import { perAxis, perGroup } from './granularity';
import { view } from './tensor-view';

describe('dataRange', () => {
  it('includes 0 and works per parameter', () => {
    const { min, max } = dataRange(view([1, 2, -3, -4], [2, 2]), perAxis(0));
    expect([[...min], [...max]]).toEqual([
      [0, -4],
      [2, 0],
    ]);
    expect([...dataRange(view([1, 2, -3, -4], [2, 2]), perGroup(0, 2)).min]).toEqual([-3, -4]);
  });

  it('refuses NaN and infinities', () => {
    expect(() => dataRange(view([1, Number.NaN]), perAxis(0))).toThrow(/NaN.* at parameter 1/);
    expect(() => dataRange(view([Number.NEGATIVE_INFINITY]), perAxis(0))).toThrow(/-Infinity/);
  });
});
