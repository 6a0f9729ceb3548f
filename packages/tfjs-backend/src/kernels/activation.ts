import { binaryF32, type ClampActivation, unaryF32 } from '@bitwright/kernels-native';
import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { BitwrightBackend, Output } from '../bitwright-backend';

/** An activation fused into a kernel: part of it inside the native call, the rest in place on its result. */
export interface FusedActivation {
  readonly insideCall: ClampActivation;
  readonly afterwards: (backend: BitwrightBackend, output: Output) => void;
}

/** The inputs and attributes that all fused kernels of tfjs share. */
export interface FusedCall {
  readonly activation: backend_util.Activation | undefined;
  readonly leakyreluAlpha: number | undefined;
  readonly preluActivationWeights: TensorInfo | undefined;
}

/** How to run an activation of tfjs, or undefined where the borrowed kernel has to. */
export function fuseActivation(call: FusedCall): FusedActivation | undefined {
  switch (call.activation) {
    case undefined:
    case 'linear':
      return { insideCall: 'linear', afterwards: nothing };
    case 'relu':
    case 'relu6':
      return { insideCall: call.activation, afterwards: nothing };
    case 'elu':
      return inPlace('elu', { a: 1 });
    case 'sigmoid':
      return inPlace('sigmoid');
    case 'leakyrelu':
      return inPlace('leakyRelu', { a: call.leakyreluAlpha ?? 0 });
    case 'prelu':
      return call.preluActivationWeights === undefined ? undefined : prelu(call.preluActivationWeights);
    default:
      return undefined;
  }
}

// — internals —

function nothing(): void {
  // The native call has done it all.
}

function inPlace(operation: 'elu' | 'sigmoid' | 'leakyRelu', constants: { a?: number } = {}): FusedActivation {
  return {
    insideCall: 'linear',
    afterwards: (backend, { values }) => unaryF32(backend.native, operation, values, values, constants),
  };
}

function prelu(weights: TensorInfo): FusedActivation {
  return {
    insideCall: 'linear',
    afterwards: (backend, { info, values }) => {
      binaryF32(backend.native, 'prelu', info.shape, values, weights.shape, backend.values(weights), values);
    },
  };
}
