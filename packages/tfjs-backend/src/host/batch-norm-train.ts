import { engine, registerGradient, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { batchNormTrainGradName, batchNormTrainName } from '../kernels/normalization/batch-norm-train';

/**
 * Batch normalization by the statistics of the batch, over the last axis: two native passes forward, two backward.
 *
 * The gradient flows through the statistics; `mean` and `variance` are results to look at, not to differentiate.
 *
 * Shapes: x [rows…,C], gamma and beta [C] → [y like x, mean [C], variance [C]]
 */
export function batchNormTrain(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): [Tensor, Tensor1D, Tensor1D] {
  const results: unknown = engine().runKernel(batchNormTrainName, { x, gamma, beta }, { epsilon });
  return results as [Tensor, Tensor1D, Tensor1D];
}

/** Registers the gradient of the kernel behind {@link batchNormTrain}. */
export function registerBatchNormTrainGradient(): void {
  registerGradient({
    kernelName: batchNormTrainName,
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, saved, attrs) => {
      const [dy] = dys as Tensor[];
      const [x, gamma, mean, variance] = saved;
      const inputs = { dy, x, mean, variance, gamma } as Record<string, Tensor>;
      const results: unknown = engine().runKernel(batchNormTrainGradName, inputs, attrs);
      const [dx, dgamma, dbeta] = results as [Tensor, Tensor, Tensor];
      return { x: () => dx, gamma: () => dgamma, beta: () => dbeta };
    },
  });
}
