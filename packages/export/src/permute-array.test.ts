import { describe, expect, it } from 'vitest';
import { gatherRows, permuteArray } from './permute-array';

describe('permuteArray', () => {
  it('moves axes as numpy.transpose does', () => {
    // [[0,1,2],[3,4,5]] transposed.
    expect([...permuteArray(Float32Array.of(0, 1, 2, 3, 4, 5), [2, 3], [1, 0])]).toEqual([0, 3, 1, 4, 2, 5]);
    // x[i][j][k] = 4i + 2j + k; result[k][i][j].
    expect([...permuteArray(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7), [2, 2, 2], [2, 0, 1])]).toEqual([
      0, 2, 4, 6, 1, 3, 5, 7,
    ]);
  });

  it('takes scalars, empty arrays and axes of size 1', () => {
    expect([...permuteArray(Float32Array.of(7), [], [])]).toEqual([7]);
    expect([...permuteArray(new Float32Array(0), [0, 3], [1, 0])]).toEqual([]);
    expect([...permuteArray(Float32Array.of(1, 2), [1, 2, 1], [2, 1, 0])]).toEqual([1, 2]);
  });
});

describe('gatherRows', () => {
  it('puts row order[i] at i', () => {
    expect([...gatherRows(Float32Array.of(1, 2, 3, 4, 5, 6), 2, Int32Array.of(2, 0, 1))]).toEqual([5, 6, 1, 2, 3, 4]);
  });
});
