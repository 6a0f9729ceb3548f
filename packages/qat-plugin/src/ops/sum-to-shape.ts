import { reshape, sum, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Sums a tensor down to the shape of a parameter that was broadcast against it: the gradient of broadcasting.
 *
 * Shapes:  x [d0,…,dn]; shape aligned with the last axes of x, each entry 1 or the axis' length
 * @example sumToShape(x, [1])           // x [8,4,4,16]: one sum
 * @example sumToShape(x, [1,1,1,16])    // one sum per channel
 */
export function sumToShape(x: Tensor, shape: readonly number[]): Tensor {
  const offset = x.rank - shape.length;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis < offset || shape[axis - offset] === 1);
  const reduced = axes.length === 0 ? x : sum(x, axes, true);
  return reshape(reduced, [...shape]);
}
