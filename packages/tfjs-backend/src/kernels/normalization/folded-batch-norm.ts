import { batchNormBackwardF32, momentsF32 } from '@bitwright/kernels-native';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { batchNormSize, batchNormWork } from './batch-norm-work';

interface Attrs {
  readonly epsilon: number;
}

export const foldedBatchNormName = 'BitwrightFoldedBatchNorm';
export const foldedBatchNormGradName = 'BitwrightFoldedBatchNormGrad';

const covers = 'float32, last axis';

/**
 * Batch normalization by the statistics of the batch of x = z / factor, without making x: what follows a convolution whose kernel
 * was multiplied by `factor` before it was quantized.
 *
 * Formula:  y = gamma · (x − mean(x)) / √(variance(x) + ε) + beta
 *             = gamma · sign(factor) · (z − mean) / √(variance + ε·factor²) + beta
 * Shapes:   z [rows…,C], factor (none 0), gamma and beta [C] → y like z, mean and variance of z [C]
 */
export const foldedBatchNorm: NativeKernel = nativeKernel<
  { z: TensorInfo; factor: TensorInfo; gamma: TensorInfo; beta: TensorInfo },
  Attrs
>(foldedBatchNormName, covers, ({ inputs: { z, factor, gamma, beta }, attrs: { epsilon }, backend }) => {
  const size = batchNormSize(z, 0);
  if (size === undefined || !areFloat32(z, factor, gamma, beta)) return undefined;
  const mean = backend.output([size.channels]);
  const variance = backend.output([size.channels]);
  momentsF32(backend.native, size, backend.values(z), { mean: mean.values, variance: variance.values });
  const factors = backend.values(factor);
  const work = batchNormWork(size, backend.values(z), {
    mean: mean.values,
    variance: widened(variance.values, factors, epsilon),
    gamma: signed(backend.values(gamma), factors),
    beta: backend.values(beta),
  });
  return [backend.fusableOutput(z.shape, work), mean.info, variance.info];
});

/**
 * Gradient of {@link foldedBatchNorm}, through the statistics too. With h = (z − mean) / √(variance + ε·factor²):
 *
 *   dgamma = sign(factor) · Σ dy·h;   dbeta = Σ dy;   dz as for batch normalization with that divisor
 *   dfactor = −gamma · dgamma · ε · factor / (variance + ε·factor²):  the scale of x matters through ε alone
 *
 * Shapes: dy and z [rows…,C], factor, gamma, mean and variance of z [C] → dz like z, dfactor, dgamma, dbeta [C]
 */
export const foldedBatchNormGrad: NativeKernel = nativeKernel<
  { dy: TensorInfo; z: TensorInfo; factor: TensorInfo; gamma: TensorInfo; mean: TensorInfo; variance: TensorInfo },
  Attrs
>(foldedBatchNormGradName, covers, ({ inputs, attrs: { epsilon }, backend }) => {
  const { dy, z, factor, gamma, mean, variance } = inputs;
  const size = batchNormSize(z, 0);
  if (size === undefined || !areFloat32(dy, z, factor, gamma, mean, variance)) return undefined;
  const factors = backend.values(factor);
  const gammas = backend.values(gamma);
  const divisor = widened(backend.values(variance), factors, epsilon);
  const dz = backend.output(z.shape);
  const dfactor = backend.output([size.channels]);
  const dgamma = backend.output([size.channels]);
  const dbeta = backend.output([size.channels]);
  batchNormBackwardF32(
    backend.native,
    size,
    backend.values(dy),
    backend.values(z),
    backend.values(mean),
    divisor,
    signed(gammas, factors),
    { dx: dz.values, dgamma: dgamma.values, dbeta: dbeta.values },
  );
  for (let c = 0; c < size.channels; c++) {
    const f = factors[c] as number;
    const dg = (dgamma.values[c] as number) * Math.sign(f);
    dgamma.values[c] = dg;
    dfactor.values[c] = (-(gammas[c] as number) * dg * epsilon * f) / (divisor[c] as number);
  }
  return [dz.info, dfactor.info, dgamma.info, dbeta.info];
});

// — internals —

/** What stands under the root: ε is part of it here, another for each channel. */
function widened(variance: Float32Array, factor: Float32Array, epsilon: number): Float32Array {
  return variance.map((v, c) => v + epsilon * (factor[c] as number) ** 2);
}

function signed(gamma: Float32Array, factor: Float32Array): Float32Array {
  return gamma.map((g, c) => g * Math.sign(factor[c] as number));
}
