import type { BinaryOp } from '@bitwright/kernels-native';
import { type NamedAttrMap, Relu, Relu6, Sigmoid, Tanh, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { areFloat32 } from '../float32';
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
      ({ inputs: { dy, saved }, backend }) =>
        (activation === Relu ? joinGate(backend, dy, saved) : undefined) ?? runBinary(backend, operation, dy, saved),
    ),
);

// — internals —

/** The gradient of a relu where dy is work that masks its result on the way, and that nobody else will read. */
function joinGate(backend: BitwrightBackend, dy: TensorInfo, y: TensorInfo): TensorInfo | undefined {
  const pending = backend.deferred(dy);
  if (pending === undefined || !pending.work.takes.includes('gate') || backend.refCount(dy.dataId) !== 1)
    return undefined;
  if (!areFloat32(y) || !util.arraysEqual(dy.shape, y.shape)) return undefined;
  const gate = backend.values(y);
  // Where dy is y, reading it has just done the work and let go of its operands.
  if (backend.deferred(dy) !== pending) return undefined;
  const { info, values } = backend.output(dy.shape);
  pending.runInto(values, { gate });
  return info;
}
