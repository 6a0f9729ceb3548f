import { describe, expect, it } from 'vitest';
import { optimalClip } from './clipping-optimum';

describe('optimalClip', () => {
  // Banner et al. 2019; the three printed decimals.
  it.each([
    [2, 2.831, 1.711],
    [3, 3.897, 2.152],
    [4, 5.029, 2.559],
    [5, 6.205, 2.936],
    [6, 7.413, 3.287],
    [7, 8.646, 3.615],
    [8, 9.897, 3.924],
  ])('gives the published factors at %d bits', (bits, laplace, gauss) => {
    expect(optimalClip('laplace', 2 ** bits)).toBeCloseTo(laplace, 3);
    expect(optimalClip('gauss', 2 ** bits)).toBeCloseTo(gauss, 3);
  });
});
