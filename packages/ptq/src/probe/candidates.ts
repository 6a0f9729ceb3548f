import { fakeQuantize, type LinearScheme, type Provenance } from '@bitwright/core';
import { type Placement, writeQdq } from '@bitwright/export';
import { DataType, editGraph, graphIndex, type Model, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import { buildSpec } from '../build-spec';
import type { Observers } from '../calibrate';
import type { QuantizationPlan } from '../plan';
import type { AnyRangeSelector } from '../range-selectors';
import { chooseWeight } from '../weight-choice';

const provenance: Provenance = { tool: { name: 'probe', version: '0' } };

/** The float model with one weight on its grid, all else in float. */
export function withQuantizedWeight(
  model: Model,
  name: string,
  scheme: LinearScheme,
  selector: AnyRangeSelector,
): { readonly model: Model; readonly squaredError: number } {
  const tensor = model.graph === undefined ? undefined : graphIndex(model.graph).initializer(name);
  if (tensor === undefined) return { model, squaredError: 0 };
  const view = { data: tensorToFloat32(tensor), shape: tensor.dims.map(Number) };
  const { qparams } = chooseWeight(name, scheme, tensor, selector);
  const rounded = fakeQuantize(view, scheme, qparams);
  let squaredError = 0;
  for (let i = 0; i < rounded.length; i++) squaredError += ((rounded[i] as number) - (view.data[i] as number)) ** 2;
  return { model: withWeight(model, name, rounded), squaredError };
}

/** The float model with other values for one weight. */
export function withWeight(model: Model, name: string, values: Float32Array): Model {
  const edit = editGraph(model);
  const tensor = edit.initializer(name);
  if (tensor === undefined) return model;
  edit.replaceInitializer(name, tensorFromArray(name, DataType.FLOAT, tensor.dims, values));
  return edit.finish();
}

/** The float model with one activation (and the tensors that share its parameters) quantized, all else in float. */
export function withQuantizedActivation(
  plan: QuantizationPlan,
  leader: string,
  scheme: LinearScheme,
  observers: Observers,
  selector: AnyRangeSelector,
): Model {
  const { model, placement } = plan;
  const activations = [...placement.activations].filter(([, placed]) => placed.leader === leader);
  const alone: Placement = {
    ...placement,
    activations: new Map(activations.map(([name, placed]) => [name, { ...placed, scheme }])),
    weights: new Map(),
    biases: new Map(),
  };
  const common = { activationRange: selector, weightRange: selector, provenance };
  return writeQdq(model, buildSpec({ model, placement: alone, observers, ...common }), placement.target);
}
