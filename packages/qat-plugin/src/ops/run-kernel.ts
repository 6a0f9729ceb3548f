import { engine, getBackend, getKernel, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';

/** Fused kernels a backend may register; where one is missing, the composed form of the same file gives the same numbers. */
export type FusedKernel =
  | 'BitwrightFakeQuantize'
  | 'BitwrightFakeQuantizeGrad'
  | 'BitwrightLsq'
  | 'BitwrightLsqGrad'
  | 'BitwrightLsqPlusGrad'
  | 'BitwrightPactGrad'
  | 'BitwrightDsqGrad'
  | 'BitwrightTanhGrad'
  | 'BitwrightFoldedBatchNorm'
  | 'BitwrightChannelMoments';

/** Whether the backend in use has this fused kernel. */
export function hasKernel(name: FusedKernel): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/**
 * Runs a fused kernel; to be called inside a custom gradient, since these kernels register no gradient of their own. (The two that
 * batch normalization folds with do.)
 */
export function runKernel(name: FusedKernel, inputs: NamedTensorMap, attributes: Record<string, number>): Tensor[] {
  const result: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes);
  return Array.isArray(result) ? result : [result];
}
