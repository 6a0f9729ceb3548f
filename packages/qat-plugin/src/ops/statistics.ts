import { abs, add, div, mean, reshape, sqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

/** Mean per parameter, of shape `paramShape`; differentiable. */
export function meanPerParam(x: Tensor, paramShape: readonly number[]): Tensor {
  return reshape(mean(x, sharedAxes(x, paramShape)), [...paramShape]);
}

/** Mean magnitude per parameter; differentiable. */
export function meanAbsPerParam(x: Tensor, paramShape: readonly number[]): Tensor {
  return meanPerParam(abs(x), paramShape);
}

/**
 * (x − mean)/(std + ε) per parameter with the unbiased standard deviation; differentiated through both.
 *
 * ε = 1e-5 keeps a constant filter finite.
 */
export function standardise(x: Tensor, paramShape: readonly number[]): Tensor {
  const centred = sub(x, meanPerParam(x, paramShape));
  return div(centred, add(unbiasedDeviation(centred, paramShape), 1e-5));
}

// — internals —

/** Axes of x over which a parameter of the given shape is shared. */
function sharedAxes(x: Tensor, paramShape: readonly number[]): number[] {
  const offset = x.rank - paramShape.length;
  return x.shape.map((_, axis) => axis).filter((axis) => axis < offset || paramShape[axis - offset] === 1);
}

/** √(Σ x²/(n − 1)) per parameter of a centred tensor. */
function unbiasedDeviation(centred: Tensor, paramShape: readonly number[]): Tensor {
  const axes = sharedAxes(centred, paramShape);
  const count = axes.reduce((product, axis) => product * (centred.shape[axis] as number), 1);
  return reshape(sqrt(div(sum(square(centred), axes), Math.max(count - 1, 1))), [...paramShape]);
}
