import { ModelFormatError, UnsupportedOperatorError } from '@bitwright/core';
import { decodeWeights, type WeightSpec } from './decode-weights';
import { finishModel, type GraphInput } from './finish-model';
import { asLayer, type NodeFacts } from './graph-model/as-layer';
import { type GraphNode, readGraphDef, shapeOf, typeOf } from './graph-model/graph-def';
import { type GraphWriter, graphWriter } from './graph-writer';
import type { LayerCall } from './layer-call';
import { defaultLayers } from './layers/registry';
import { isRecord, type LayerWeight } from './layers-model';
import { assertOpset, type LayersModelOptions, type LayersModelResult } from './layers-model-to-onnx';
import { channelsFirstLayout, physicalShape, plainLayout, type Value, type ValueType } from './value';

/** A graph model as `tf.loadGraphModel` reads it: TensorFlow nodes instead of layers. */
export interface GraphModelArtifacts {
  readonly modelTopology?: unknown;
  readonly weightSpecs?: readonly WeightSpec[];
  readonly weightData?: unknown;
  /** Names of inputs and outputs; without it, placeholders and nodes that nobody reads. */
  readonly signature?: unknown;
}

/**
 * A TensorFlow.js graph model as ONNX, where its operators are those of convolutional networks and perceptrons: each node is converted
 * as the layer that computes the same.
 *
 * @throws {UnsupportedOperatorError} naming the node that has no such layer
 * @throws {ModelFormatError} when graph and weights do not fit together
 */
export function graphModelToOnnx(
  source: GraphModelArtifacts,
  options: Omit<LayersModelOptions, 'converters'> = {},
): LayersModelResult {
  const { opset = 17, images = 'channelsLast', batchName = 'N' } = options;
  assertOpset('[export] graphModelToOnnx', opset);
  const nodes = readGraphDef(source.modelTopology);
  const conversion: Conversion = {
    nodes,
    weights: decodeWeights(source.weightSpecs, source.weightData),
    writer: graphWriter(opset),
    values: new Map(),
    outputs: new Map(),
  };
  const inputs = [...nodes.values()]
    .filter((node) => node.op === 'Placeholder')
    .map((node): GraphInput => placeholder(conversion, node, images));
  const names = outputNames(source.signature, nodes);
  const results = names.map((name) => computedValue(conversion, name));
  const wanted = names.map((name) => name.replace(/:0$/, ''));
  return finishModel(
    { writer: conversion.writer, images, outputs: conversion.outputs },
    { name: 'graph', outputs: wanted, batchName },
    inputs,
    results,
  );
}

interface Conversion {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly weights: ReadonlyMap<string, LayerWeight>;
  readonly writer: GraphWriter;
  readonly values: Map<string, Value>;
  readonly outputs: Map<string, Value>;
}

const types: Readonly<Record<string, ValueType>> = { DT_FLOAT: 'float32', DT_INT32: 'int32', DT_BOOL: 'bool' };

function placeholder(
  { writer, values }: Conversion,
  node: GraphNode,
  images: 'channelsLast' | 'channelsFirst',
): GraphInput {
  const shape = shapeOf(node);
  const type = types[typeOf(node)];
  if (shape === undefined || type === undefined) {
    throw new UnsupportedOperatorError({
      operation: `[export] graphModelToOnnx Placeholder "${node.name}"`,
      expected: 'a float, int32 or bool input of known rank',
      received: shape === undefined ? 'one of unknown rank' : typeOf(node),
    });
  }
  // The batch stays open even where the graph fixes it.
  const sizes = shape.map((size, axis) => (axis === 0 ? null : size));
  const isImage = images === 'channelsFirst' && sizes.length >= 4;
  const layout = isImage ? channelsFirstLayout(sizes.length, sizes.length - 1) : plainLayout(sizes.length);
  const value = writer.value(writer.uniqueName(node.name), sizes, { type, layout });
  values.set(node.name, value);
  return { value, shape: physicalShape(value) };
}

/** Outputs of the signature in its order, else nodes that no other reads. */
function outputNames(signature: unknown, nodes: ReadonlyMap<string, GraphNode>): string[] {
  const outputs = isRecord(signature) ? signature['outputs'] : undefined;
  if (isRecord(outputs))
    return Object.entries(outputs).map(([key, info]) => (isRecord(info) ? String(info['name'] ?? key) : key));
  const read = new Set([...nodes.values()].flatMap((node) => node.inputs.map(nodeName)));
  return [...nodes.keys()].filter((name) => !read.has(name) && nodes.get(name)?.op !== 'NoOp');
}

function nodeName(reference: string): string {
  return reference.replace(/:\d+$/, '');
}

/** Value of a node, its inputs first. Depth is that of the graph, so the stack is kept here and not in calls. */
function computedValue(conversion: Conversion, output: string): Value {
  const open = [nodeName(output)];
  const visiting = new Set<string>();
  for (let name = open.at(-1); name !== undefined; name = open.at(-1)) {
    const node = conversion.nodes.get(name);
    if (node === undefined) throw malformed(`a node "${name}"`, 'none');
    const missing = computedInputs(conversion, node).filter((input) => !conversion.values.has(input));
    if (conversion.values.has(name) || missing.length === 0) {
      if (!conversion.values.has(name)) convert(conversion, node);
      open.pop();
      continue;
    }
    if (visiting.has(name)) throw malformed('a graph without cycles', `node "${name}" feeding itself`);
    visiting.add(name);
    open.push(...missing);
  }
  const value = conversion.values.get(nodeName(output));
  if (value === undefined) throw malformed(`an output "${output}"`, 'none');
  return value;
}

function computedInputs({ nodes }: Conversion, node: GraphNode): string[] {
  return node.inputs.map(nodeName).filter((name) => constantNode(nodes, name) === undefined);
}

/** The Const behind a name, Identity nodes skipped. */
function constantNode(nodes: ReadonlyMap<string, GraphNode>, name: string): GraphNode | undefined {
  let node = nodes.get(name);
  while (node?.op === 'Identity') node = nodes.get(nodeName(node.inputs[0] ?? ''));
  return node?.op === 'Const' ? node : undefined;
}

function convert(conversion: Conversion, node: GraphNode): void {
  const { nodes, weights, writer, values, outputs } = conversion;
  const facts: NodeFacts = {
    node,
    constant: (position) => {
      const constant = constantNode(nodes, nodeName(node.inputs[position] ?? ''));
      return constant === undefined ? undefined : weights.get(constant.name);
    },
    shape: (position) => values.get(nodeName(node.inputs[position] ?? ''))?.shape ?? [],
  };
  const layer = asLayer(facts);
  const inputs = layer.inputs.map((position) => valueAt(values, node, position));
  const call: LayerCall = {
    name: node.name,
    className: layer.className,
    config: layer.config,
    inputs,
    writer,
    findWeight: (name) => layer.weights[name],
    inner: (className, config, innerInputs) => ({ ...call, className, config, inputs: innerInputs }),
    convert: (other) => defaultLayers.get(other.className)?.convert(other) ?? [],
  };
  writer.setScope(node.name);
  const [value] = call.convert(call);
  if (value === undefined) throw malformed(`a converter of "${layer.className}"`, 'none');
  values.set(node.name, value);
  outputs.set(node.name, value);
}

function valueAt(values: ReadonlyMap<string, Value>, node: GraphNode, position: number): Value {
  const name = node.inputs[position] ?? '';
  const value = values.get(nodeName(name));
  const isFirst = !/:[1-9]\d*$/.test(name);
  if (value !== undefined && isFirst) return value;
  throw new UnsupportedOperatorError({
    operation: `[export] graphModelToOnnx ${node.op} node "${node.name}"`,
    expected: `a computed input ${position}`,
    received: isFirst ? 'a constant' : `output "${name}"`,
  });
}

function malformed(expected: string, received: string): ModelFormatError {
  return new ModelFormatError({ operation: '[export] graphModelToOnnx', expected, received });
}
