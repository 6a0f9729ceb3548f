import type { Model } from '@bitwright/onnx';

/** Input shapes with 1 in the place of an open first axis. */
export function batchOfOne(model: Model): Record<string, readonly (number | string)[]> {
  const result: Record<string, readonly (number | string)[]> = {};
  const initializers = new Set(model.graph?.initializer.map((tensor) => tensor.name));
  for (const input of model.graph?.input ?? []) {
    const type = input.type?.value;
    if (initializers.has(input.name) || type?.case !== 'tensorType') continue;
    const dims = type.value.shape?.dim ?? [];
    if (dims.length === 0 || dims[0]?.value.case === 'dimValue') continue;
    result[input.name] = dims.map((d, i) =>
      i === 0 ? 1 : d.value.case === 'dimValue' ? Number(d.value.value) : (d.value.value ?? '?'),
    );
  }
  return result;
}

/** First axis of the first model input, where the model fixes it; undefined where it is open. */
export function fixedBatchSize(model: Model): number | undefined {
  const initializers = new Set(model.graph?.initializer.map((tensor) => tensor.name));
  const input = model.graph?.input.find((one) => !initializers.has(one.name));
  const type = input?.type?.value;
  const first = type?.case === 'tensorType' ? type.value.shape?.dim[0]?.value : undefined;
  return first?.case === 'dimValue' && first.value > 0 ? Number(first.value) : undefined;
}
