import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';

/**
 * Runs `call` while some variables of a layer read as other tensors: how a layer of TensorFlow.js computes with quantized
 * weights although nothing of it is copied. Layers read their variables through the public `read()` in every call; the
 * override lives on the variable object only for the span of this call, so the optimizer, saving and everything else see the
 * float weights.
 *
 * This is the only file that relies on it; its test fails if a layer stops using `read()`.
 */
export function withReplacedReads<T>(replacements: ReadonlyMap<LayerVariable, Tensor>, call: () => T): T {
  for (const [variable, value] of replacements) {
    Object.defineProperty(variable, 'read', { value: () => value, configurable: true });
  }
  try {
    return call();
  } finally {
    for (const variable of replacements.keys()) Reflect.deleteProperty(variable, 'read');
  }
}
