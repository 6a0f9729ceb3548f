import type { BinaryOp } from '@bitwright/kernels-native';
import { type NamedAttrMap, Relu, Relu6, Sigmoid, Tanh, type TensorInfo } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { runBinary } from './binary';

/** Per activation, the operation on (dy, saved): relu, sigmoid and tanh look at their output, relu6 at its input. */
const operations: Readonly<Record<string, BinaryOp>> = {
  [Relu]: 'reluGrad',
  [Relu6]: 'relu6Grad',
  [Sigmoid]: 'sigmoidGrad',
  [Tanh]: 'tanhGrad',
};

/** Name of the kernel that computes the gradient of an activation; tfjs has no such kernels. */
export function gradientKernelName(activation: string): string {
  return `Bitwright${activation}Grad`;
}

/** dx of an activation from dy and what its gradient saves, both of one shape. */
export const activationGradientKernels: readonly NativeKernel[] = Object.entries(operations).map(
  ([activation, operation]) =>
    nativeKernel<{ dy: TensorInfo; saved: TensorInfo }, NamedAttrMap>(
      gradientKernelName(activation),
      'float32',
      ({ inputs: { dy, saved }, backend }) => runBinary(backend, operation, dy, saved),
    ),
);
