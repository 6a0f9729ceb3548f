import type { AnyQuantizationSpec } from '@bitwright/core';
import { DataType, editGraph, type Model, tensorFromArray } from '@bitwright/onnx';

export interface SignedModel {
  readonly model: Model;
  /** The tensor each layer's quantizer sits on. */
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * Puts sign functions in front of the quantizers of binary activations: x becomes +scale where x ≥ 0, else −scale.
 *
 * A quantizer alone would round values near 0 to code 0. Behind the sign it finds the codes −1 and +1 only.
 */
export function insertSigns(
  model: Model,
  { tensors }: AnyQuantizationSpec,
  outputs: ReadonlyMap<string, string>,
): SignedModel {
  const binary = Object.entries(tensors).filter(
    ([, { role, scheme }]) => role === 'activation' && scheme.kind === 'binary',
  );
  if (binary.length === 0) return { model, outputs };
  const placed = new Map(outputs);
  const edit = editGraph(model);
  for (const [layer, { qparams }] of binary) {
    const name = outputs.get(layer) ?? layer;
    const scale = qparams.scale[0] ?? 1;
    const constant = (suffix: string, value: number): string => {
      const initializer = edit.uniqueName(`${name}_${suffix}`);
      edit.addInitializer(tensorFromArray(initializer, DataType.FLOAT, [], Float32Array.of(value)));
      return initializer;
    };
    // A tensor keeps its name behind the sign; a model input cannot.
    const isInput = edit.isInput(name);
    const real = isInput ? name : edit.uniqueName(`${name}_real`);
    const signed = isInput ? edit.uniqueName(`${name}_sign`) : name;
    const producer = edit.producer(name);
    if (!isInput && producer !== undefined) edit.setOutput(producer, producer.output.indexOf(name), real);
    if (isInput) edit.replaceUses(name, signed);
    placed.set(layer, signed);
    const isPositive = edit.uniqueName(`${name}_is_positive`);
    edit.addNode({ opType: 'GreaterOrEqual', inputs: [real, constant('zero', 0)], outputs: [isPositive] });
    edit.addNode({
      opType: 'Where',
      inputs: [isPositive, constant('plus', scale), constant('minus', -scale)],
      outputs: [signed],
    });
  }
  return { model: edit.finish(), outputs: placed };
}
