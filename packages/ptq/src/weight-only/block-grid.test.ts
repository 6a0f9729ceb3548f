import { describe, expect, it } from 'vitest';
import { chooseBlockGrid, roundToGrid } from './block-grid';

const options = { bits: 4, blockSize: 4, symmetric: true } as const;

describe('chooseBlockGrid', () => {
  it('gives the largest magnitude the code 0 exactly, with a scale of either sign', () => {
    // Largest magnitude −8 → scale 1, code 0 = −8·1; largest magnitude 4 → scale −0.5, code 0 = −8·(−0.5)
    const weights = Float32Array.of(-8, 3, 7, 0, 4, -2, 0, 1);
    const grid = chooseBlockGrid(weights, 2, 4, options);
    expect([...grid.scale]).toEqual([1, -0.5]);
    expect([...roundToGrid(weights, 2, 4, grid)]).toEqual([0, 11, 15, 8, 0, 12, 8, 6]);
  });

  it('keeps scales positive under the absmax rule', () => {
    const grid = chooseBlockGrid(Float32Array.of(7, -3, 0, 1), 1, 4, { ...options, rule: 'absmax' });
    expect([...grid.scale]).toEqual([1]);
    expect([...roundToGrid(Float32Array.of(7, -3, 0, 1), 1, 4, grid)]).toEqual([15, 5, 8, 9]);
  });

  it('includes 0 in asymmetric ranges', () => {
    // min 0 (widened), max 15 → scale 1, zero point 0; min −5, max 10 → scale 1, zero point 5
    const weights = Float32Array.of(3, 15, 6, 9, -5, 10, 0, 2);
    const grid = chooseBlockGrid(weights, 2, 4, { ...options, symmetric: false });
    expect([...grid.scale]).toEqual([1, 1]);
    expect([...grid.zeroPoint]).toEqual([0, 5]);
    expect([...roundToGrid(weights, 2, 4, grid)]).toEqual([3, 15, 6, 9, 0, 15, 5, 7]);
  });

  it('gives a block of zeros scale 1 and the code of zero', () => {
    const grid = chooseBlockGrid(new Float32Array(4), 1, 4, options);
    expect([...grid.scale]).toEqual([1]);
    expect([...roundToGrid(new Float32Array(4), 1, 4, grid)]).toEqual([8, 8, 8, 8]);
  });

  it('has a shorter last block when K is no multiple', () => {
    const grid = chooseBlockGrid(Float32Array.of(8, 0, 0, 0, -4, 0), 1, 6, options);
    expect([...grid.scale]).toEqual([-1, 0.5]);
  });

  it('rounds scales to float16 before weights are rounded', () => {
    const grid = chooseBlockGrid(Float32Array.of(-0.8, 0, 0, 0), 1, 4, { ...options, scaleType: 'float16' });
    expect(grid.scale[0]).toBe(0.0999755859375);
  });
});
