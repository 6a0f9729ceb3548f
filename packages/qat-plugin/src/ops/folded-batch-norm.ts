import { add, div, moments, mul, sqrt, sub, type Tensor } from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel';

/** Mean and population variance per channel. */
export interface ChannelMoments {
  /** [C] */
  readonly mean: Tensor;
  /** [C] */
  readonly variance: Tensor;
}

/**
 * Batch normalization by the statistics of the batch of x = z / factor: what follows a convolution whose kernel was multiplied by
 * `factor` before it was quantized.
 *
 *   y = gamma · (x − mean) / √(variance + ε) + beta
 *
 * With h = (x − mean)/√(variance + ε):  g_factor = −gamma · (Σ g_y·h) / factor · ε/(variance + ε); the others as for batch normalization.
 * No gradient flows into the mean and the variance that come back: they are for moving averages.
 *
 * Shapes: z [rows…, C]; factor (none 0), gamma, beta [C] → y like z; mean and variance of x [C]
 *
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167 §3
 */
export function foldedBatchNorm(
  z: Tensor,
  factor: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
): ChannelMoments & { readonly y: Tensor } {
  if (z.size > 0 && hasKernel('BitwrightFoldedBatchNorm')) {
    const results = runKernel('BitwrightFoldedBatchNorm', { z, factor, gamma, beta }, { epsilon });
    const [y, mean, variance] = results as [Tensor, Tensor, Tensor];
    return { y, mean: div(mean, factor), variance: div(div(variance, factor), factor) };
  }
  const x = div(z, factor);
  const { mean, variance } = moments(x, allButLast(x));
  const y = add(mul(sub(x, mean), div(gamma, sqrt(add(variance, epsilon)))), beta);
  return { y, mean, variance };
}

/**
 * Mean and population variance over all axes but the last; gradients flow through both.
 *
 *   g_x = (g_mean + 2·(x − mean)·g_variance) / rows
 *
 * Shapes: x [rows…, C] → [C] each
 */
export function channelMoments(x: Tensor): ChannelMoments {
  if (x.size > 0 && hasKernel('BitwrightChannelMoments')) {
    const [mean, variance] = runKernel('BitwrightChannelMoments', { x }, {}) as [Tensor, Tensor];
    return { mean, variance };
  }
  return moments(x, allButLast(x));
}

function allButLast(x: Tensor): number[] {
  return x.shape.slice(0, -1).map((_, axis) => axis);
}
