import {
  type GradConfig,
  type GradFunc,
  getBackend,
  getGradient,
  type NamedAttrMap,
  registerGradient,
  type Tensor,
  unregisterGradient,
} from '@tensorflow/tfjs-core';
import { backendName } from '../backend-name';
import { isDifferentiated } from './gradient-depth';

/** How the gradient of one tfjs kernel runs on native kernels. */
export interface NativeGradient {
  readonly kernelName: string;
  /** What the native form needs from the forward pass, where it needs something else than tfjs' own gradient. */
  readonly saves?: Pick<GradConfig, 'inputsToSave' | 'outputsToSave'>;
  /** tfjs' gradient on what is saved now; only where `saves` is given. */
  readonly composed?: GradFunc;
  /** `undefined` leaves a case to the composed form. */
  readonly gradients: (dy: Tensor, saved: Tensor[], attrs: NamedAttrMap) => Record<string, () => Tensor> | undefined;
}

/**
 * Replaces the gradients of tfjs by ones that run native kernels while this backend is active.
 *
 * Gradients are registered for all backends at once, so other backends, and gradients that are differentiated themselves, keep the
 * composed form of tfjs: it consists of operations that have gradients again.
 */
export function registerNativeGradients(gradients: readonly NativeGradient[]): void {
  for (const gradient of gradients) {
    const original = getGradient(gradient.kernelName);
    if (original == null || replaced in original.gradFunc) continue;
    const composed = gradient.composed ?? original.gradFunc;
    const gradFunc: GradFunc = (dy, saved, attrs) => {
      const isNative = getBackend() === backendName && !isDifferentiated();
      return (isNative ? gradient.gradients(dy as Tensor, saved, attrs) : undefined) ?? composed(dy, saved, attrs);
    };
    unregisterGradient(gradient.kernelName);
    const saves = gradient.saves === undefined ? original : gradient.saves;
    registerGradient({
      kernelName: gradient.kernelName,
      ...savesOf(saves),
      gradFunc: Object.assign(gradFunc, { [replaced]: true }),
    });
  }
}

// — internals —

/** Marks what this function has registered, also from another copy of the package. */
const replaced = Symbol.for('bitwright.tfjs-backend.nativeGradient');

function savesOf({ inputsToSave, outputsToSave, saveAllInputs }: Partial<GradConfig>): Partial<GradConfig> {
  return {
    ...(inputsToSave === undefined ? {} : { inputsToSave }),
    ...(outputsToSave === undefined ? {} : { outputsToSave }),
    ...(saveAllInputs === undefined ? {} : { saveAllInputs }),
  };
}
