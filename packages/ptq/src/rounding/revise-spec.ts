import type { QuantizationSpec, TensorQuantization } from '@bitwright/core';
import { followBiases } from './follow-biases';

/**
 * A spec with other weight scales, and the bias scales that follow: scale_b[c] = fround(scale_x · scale_w[c]).
 *
 * @param scales weight tensor → scales, as many as before
 */
export function reviseSpec(spec: QuantizationSpec, scales: ReadonlyMap<string, Float32Array>): QuantizationSpec {
  const tensors: Record<string, TensorQuantization> = { ...spec.tensors };
  for (const [name, scale] of scales) {
    const tensor = tensors[name];
    if (tensor === undefined) continue;
    tensors[name] = Object.freeze({ ...tensor, qparams: { ...tensor.qparams, scale } });
  }
  followBiases(tensors, (_, weight) => scales.has(weight));
  return Object.freeze({ ...spec, tensors });
}
