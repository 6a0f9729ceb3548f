import { ClipByValue, cast, engine, mul, Relu, Relu6, Sigmoid, step, Tanh, type Tensor } from '@tensorflow/tfjs-core';
import { gradientKernelName } from '../kernels/elementwise/activation-gradient';
import { clipGradName } from '../kernels/elementwise/clip-gradient';
import type { NativeGradient } from './native-gradient';

/**
 * Gradients of activations in one pass over dy and what the activation saves, where tfjs composes two to four.
 *
 * relu saves its output instead of its input: the next layer needs the output anyway, and step(relu(x)) = step(x).
 */
export const activationGradients: readonly NativeGradient[] = [
  {
    kernelName: Relu,
    saves: { outputsToSave: [true] },
    composed: (dy, [y]) => ({ x: () => mul(dy as Tensor, cast(step(y as Tensor), 'float32')) }),
    gradients: onePass(Relu),
  },
  { kernelName: Relu6, gradients: onePass(Relu6) },
  { kernelName: Sigmoid, gradients: onePass(Sigmoid) },
  { kernelName: Tanh, gradients: onePass(Tanh) },
  {
    kernelName: ClipByValue,
    gradients: (dy, [x], attrs) => {
      if (x?.dtype !== 'float32' || x.size === 0) return undefined;
      return { x: () => engine().runKernel(clipGradName, { dy, x }, attrs) as Tensor };
    },
  },
];

// — internals —

function onePass(activation: string): NativeGradient['gradients'] {
  return (dy, [saved]) => {
    if (saved?.dtype !== 'float32' || saved.size === 0) return undefined;
    return { x: () => engine().runKernel(gradientKernelName(activation), { dy, saved }) as Tensor };
  };
}
