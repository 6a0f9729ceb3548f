import { InvalidArgumentError } from '@bitwright/core';
import {
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
} from '@tensorflow/tfjs-core';
import { backendName } from './backend-name';
import type { KernelCall, NativeKernel } from './kernels/native-kernel';

/**
 * Gives the backend every kernel that tfjs' cpu backend has, native where there is one, and the native kernels beyond those.
 *
 * Kernels that are registered already are left alone, so another package may bring its own before.
 */
export function registerKernels(nativeKernels: readonly NativeKernel[]): void {
  const natives = new Map(nativeKernels.map((kernel) => [kernel.kernelName, kernel]));
  for (const borrowed of getKernelsForBackend('cpu')) {
    const native = natives.get(borrowed.kernelName);
    natives.delete(borrowed.kernelName);
    addKernel({ ...borrowed, kernelFunc: native === undefined ? borrowed.kernelFunc : nativeFirst(native, borrowed) });
  }
  for (const native of natives.values()) {
    addKernel({ kernelName: native.kernelName, backendName, kernelFunc: nativeOnly(native) });
  }
}

// — internals —

function addKernel(kernel: KernelConfig): void {
  if (getKernel(kernel.kernelName, backendName) == null) registerKernel({ ...kernel, backendName });
}

function nativeFirst(native: NativeKernel, borrowed: KernelConfig): KernelFunc {
  return (call) => native.run(call as KernelCall) ?? borrowed.kernelFunc(call);
}

function nativeOnly(native: NativeKernel): KernelFunc {
  return (call) => {
    const result = native.run(call as KernelCall);
    if (result !== undefined) return result;
    throw new InvalidArgumentError({
      operation: `[tfjs-backend] ${native.kernelName}`,
      expected: native.covers,
      received: Object.entries(call.inputs)
        .map(([name, info]) => `${name} ${info?.dtype ?? 'absent'} [${info?.shape.join(',') ?? ''}]`)
        .join(', '),
    });
  };
}
