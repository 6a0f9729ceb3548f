import type { QuantizationSpec } from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import { encodeModel, type Model } from '@bitwright/onnx';
import { evaluateClassifiers, predictClasses } from '../evaluate';
import type { QuantizeOptions, QuantizeSettings } from '../quantize-options';
import type { LayerBits } from '../rounding/low-bit-schemes';
import type { Runtime } from '../session';

/**
 * Top-1 accuracy that an assignment of bits loses, 0…1, measured on the exported file; undefined where there are no labels.
 */
export function measureDrop(
  original: Model,
  { evaluation }: Pick<QuantizeOptions, 'evaluation'>,
  settings: QuantizeSettings,
  runtime: Runtime,
  quantize: (layers: ReadonlyMap<string, LayerBits>) => { readonly model: Model; readonly spec: QuantizationSpec },
): ((layers: ReadonlyMap<string, LayerBits>) => Promise<number>) | undefined {
  const { evaluationSource: source, batchSize, signal } = settings;
  if (evaluation === undefined || source === undefined) return undefined;
  const float = encodeModel(original);
  const common = { runtime, source, labels: evaluation.labels, batchSize, signal };
  let floatPredictions: Int32Array | undefined = evaluation.floatPredictions;
  return async (layers) => {
    const { model, spec } = quantize(layers);
    floatPredictions ??= await predictClasses(float, common);
    const file = encodeModel(writeQdq(model, spec, settings.target));
    const result = await evaluateClassifiers(float, file, { ...common, floatPredictions });
    return result.float.top1 - result.quantized.top1;
  };
}
