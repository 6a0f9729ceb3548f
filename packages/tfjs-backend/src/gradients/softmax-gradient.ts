import { engine, Softmax, type Tensor } from '@tensorflow/tfjs-core';
import { softmaxGradName } from '../kernels/reduction/softmax';
import type { NativeGradient } from './native-gradient';

/** Gradient of tf.softmax in one pass over dy and y, where tfjs composes four. */
export const softmaxGradient: NativeGradient = {
  kernelName: Softmax,
  gradients: (dy, [y]) => {
    if (y?.dtype !== 'float32' || y.size === 0) return undefined;
    return { logits: () => engine().runKernel(softmaxGradName, { dy, y }) as Tensor };
  },
};
