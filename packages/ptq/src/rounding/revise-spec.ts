import { biasScheme, perAxis, perTensor, type QuantizationSpec, type TensorQuantization } from '@bitwright/core';

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
  for (const [name, tensor] of Object.entries(tensors)) {
    const [activation, weight] = tensor.origin.from ?? [];
    if (tensor.role !== 'bias' || activation === undefined || weight === undefined || !scales.has(weight)) continue;
    const scaleX = tensors[activation]?.qparams.scale[0];
    const scaleW = tensors[weight]?.qparams.scale;
    if (scaleX === undefined || scaleW === undefined) continue;
    const scale = Float32Array.from(scaleW, (s) => Math.fround(scaleX * s));
    const { granularity } = tensor.scheme;
    const axis = granularity.kind === 'perTensor' ? 0 : granularity.axis;
    tensors[name] = Object.freeze<TensorQuantization>({
      ...tensor,
      scheme: biasScheme(scale.length === 1 ? perTensor : perAxis(axis)),
      qparams: { scale, zeroPoint: new Int32Array(scale.length) },
    });
  }
  return Object.freeze({ ...spec, tensors });
}
