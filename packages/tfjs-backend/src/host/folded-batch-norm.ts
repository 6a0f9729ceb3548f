import { engine, registerGradient, type Tensor } from '@tensorflow/tfjs-core';
import { channelMomentsGradName, channelMomentsName } from '../kernels/normalization/channel-moments';
import { foldedBatchNormGradName, foldedBatchNormName } from '../kernels/normalization/folded-batch-norm';

/**
 * Registers the gradients of the kernels that quantization-aware training with folded batch normalization runs by name. The
 * statistics that BitwrightFoldedBatchNorm gives are results to look at, not to differentiate.
 */
export function registerFoldedBatchNormGradients(): void {
  registerGradient({
    kernelName: foldedBatchNormName,
    inputsToSave: ['z', 'factor', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, saved, attrs) => {
      const [dy] = dys as Tensor[];
      const [z, factor, gamma, mean, variance] = saved;
      const inputs = { dy, z, factor, gamma, mean, variance } as Record<string, Tensor>;
      const results: unknown = engine().runKernel(foldedBatchNormGradName, inputs, attrs);
      const [dz, dfactor, dgamma, dbeta] = results as [Tensor, Tensor, Tensor, Tensor];
      return { z: () => dz, factor: () => dfactor, gamma: () => dgamma, beta: () => dbeta };
    },
  });
  registerGradient({
    kernelName: channelMomentsName,
    inputsToSave: ['x'],
    outputsToSave: [true, false],
    gradFunc: (dys, saved) => {
      const [dmean, dvariance] = dys as Tensor[];
      const [x, mean] = saved;
      const inputs = { dmean, dvariance, x, mean } as Record<string, Tensor>;
      return { x: () => engine().runKernel(channelMomentsGradName, inputs) as Tensor };
    },
  });
}
