import type { QuantizationSpec, TensorQuantization } from '@bitwright/core';
import { followBiases } from '../rounding/follow-biases';

/** What a quantizer learned. */
export interface QuantizerParameters {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** A spec with other scales and zero points of activations, those derived from them, and the bias scales that follow. */
export function reviseActivations(
  spec: QuantizationSpec,
  changed: ReadonlyMap<string, QuantizerParameters>,
): QuantizationSpec {
  const tensors: Record<string, TensorQuantization> = { ...spec.tensors };
  for (const [name, tensor] of Object.entries(spec.tensors)) {
    if (tensor.role !== 'activation') continue;
    const leader = tensor.origin.source === 'derived' ? (tensor.origin.from?.[0] ?? name) : name;
    const change = changed.get(leader);
    if (change === undefined) continue;
    const qparams = { scale: Float32Array.of(change.scale), zeroPoint: Int32Array.of(change.zeroPoint) };
    tensors[name] = Object.freeze({ ...tensor, qparams });
  }
  followBiases(tensors);
  return Object.freeze({ ...spec, tensors });
}
