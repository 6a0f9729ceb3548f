import {
  createValueInfo,
  DataType,
  editGraph,
  type GraphEditor,
  intAttribute,
  type Model,
  type NodeOptions,
} from '@bitwright/onnx';
import type { Flow, Quantity } from './quantity';
import { needsCast } from './real-values';

/** A model whose inner quantities are float32 outputs, and the names of those outputs. */
export interface TappedModel {
  readonly model: Model;
  readonly outputOf: ReadonlyMap<Quantity, string>;
}

/**
 * Makes quantities outputs of a model, in real units: behind the DequantizeLinear where one is, dequantized where only codes
 * are, as they are otherwise.
 */
export function tapQuantities(flow: Flow, quantities: readonly Quantity[]): TappedModel {
  const edit = editGraph(flow.model);
  const outputOf = new Map<Quantity, string>();
  for (const quantity of new Set(quantities)) {
    const name = addRealView(quantity, flow, edit);
    if (!edit.isInput(name) && !edit.isOutput(name)) edit.addOutput(createValueInfo(name, DataType.FLOAT));
    outputOf.set(quantity, name);
  }
  return { model: edit.finish(), outputOf };
}

/** A node that turns the codes of a quantity into real numbers; undefined when the quantity has no codes of known scale. */
export function dequantizer(quantity: Quantity, codes: string, output: string): NodeOptions | undefined {
  if (quantity.codes === undefined) return undefined;
  const { scale, zeroPoint, axis, domain } = quantity.codes;
  return {
    opType: 'DequantizeLinear',
    domain,
    inputs: [codes, scale, ...(zeroPoint === undefined ? [] : [zeroPoint])],
    outputs: [output],
    ...(axis === undefined ? {} : { attributes: [intAttribute('axis', axis)] }),
  };
}

/** The float value that holds a quantity as the next layer sees it; undefined where only codes exist. */
export function realName(quantity: Quantity): string | undefined {
  return quantity.codes === undefined ? quantity.raw : quantity.dequantized;
}

// — internals —

function addRealView(quantity: Quantity, flow: Flow, edit: GraphEditor): string {
  const name = realName(quantity);
  if (name === undefined) return addDequantizer(quantity, edit);
  if (!needsCast(flow.dataType(name)) || edit.isOutput(name)) return name;
  const output = edit.uniqueName(`${name}_as_float`);
  edit.addNode({ opType: 'Cast', inputs: [name], outputs: [output], attributes: [intAttribute('to', DataType.FLOAT)] });
  return output;
}

function addDequantizer(quantity: Quantity, edit: GraphEditor): string {
  const output = edit.uniqueName(`${quantity.id}_dequantized`);
  const node = dequantizer(quantity, quantity.codes?.name ?? quantity.id, output);
  if (node === undefined) return quantity.raw ?? quantity.id;
  edit.addNode(node);
  return output;
}
