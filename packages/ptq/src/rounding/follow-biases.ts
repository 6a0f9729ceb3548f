import { biasScheme, perAxis, perTensor, type TensorQuantization } from '@bitwright/core';

/**
 * Gives biases the scales that follow from those of their activation and weight, scale_b[c] = fround(scale_x · scale_w[c]), in place.
 *
 * @param isChanged whether a bias follows, by the names of its activation and its weight; default: all do
 */
export function followBiases(
  tensors: Record<string, TensorQuantization>,
  isChanged: (activation: string, weight: string) => boolean = () => true,
): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    const [activation, weight] = tensor.origin.from ?? [];
    if (tensor.role !== 'bias' || activation === undefined || weight === undefined) continue;
    if (!isChanged(activation, weight)) continue;
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
}
