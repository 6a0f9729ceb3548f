import { biasScheme, perAxis, perTensor, type QuantizationSpec, type TensorQuantization } from '@bitwright/core';

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
  for (const [name, tensor] of Object.entries(tensors)) {
    const [activation, weight] = tensor.origin.from ?? [];
    if (tensor.role !== 'bias' || activation === undefined || weight === undefined) continue;
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
