import { describe, expect, it } from 'vitest';
import { addDims, broadcastDims, divideDims, floorDivideDims, minDim, multiplyDims, subtractDims } from './dim';

describe('arithmetic of sizes', () => {
  it('computes with numbers', () => {
    expect([addDims(2, 3), subtractDims(5, 3), multiplyDims([2, 3]), floorDivideDims(7, 2), minDim(3, 4)]).toEqual([
      5, 2, 6, 3, 3,
    ]);
  });

  it('keeps names in one spelling, whatever the order', () => {
    expect(multiplyDims(['T', 4, 'N', 2])).toBe('8*N*T');
    expect(multiplyDims([multiplyDims([2, 'T']), 'N', 4])).toBe('8*N*T');
    expect(addDims('T', 'N')).toBe(addDims('N', 'T'));
    expect(addDims(addDims('H', 3), -3)).toBe('H');
    expect(addDims('H', -1)).toBe('(H-1)');
    expect(multiplyDims(['N', 1])).toBe('N');
    expect(multiplyDims(['N', 0])).toBe(0);
  });

  it('cancels names in quotients and says undefined where it cannot', () => {
    expect(divideDims(['N', 16, 4], ['N'])).toBe(64);
    expect(divideDims(['N', 'T', 64], [4, 'T'])).toBe('16*N');
    expect(divideDims(['N'], ['T'])).toBeUndefined();
    expect(divideDims([10], [4])).toBeUndefined();
    expect(divideDims([10], [0])).toBeUndefined();
    expect(floorDivideDims('N', 1)).toBe('N');
    expect(floorDivideDims('8*N', 4)).toBe('2*N');
    expect(floorDivideDims('N', 2)).toBe('floor(N/2)');
  });

  it('treats undefined as unknown', () => {
    expect([
      addDims(undefined, 1),
      multiplyDims([undefined, 1]),
      minDim('N', undefined),
      subtractDims(1, undefined),
    ]).toEqual(new Array(4).fill(undefined));
  });

  it('broadcasts numbers, ones and names', () => {
    expect(
      broadcastDims([
        ['N', 1, 8],
        [3, 1],
      ]),
    ).toEqual(['N', 3, 8]);
    expect(broadcastDims([['N'], ['N']])).toEqual(['N']);
    expect(broadcastDims([['N'], ['T']])).toEqual([undefined]);
    expect(broadcastDims([['T'], ['min(T,128)']])).toEqual(['T']);
    expect(broadcastDims([['N'], [4]])).toEqual([4]);
    expect(broadcastDims([[2], undefined])).toBeUndefined();
    expect(broadcastDims([])).toEqual([]);
  });
});
