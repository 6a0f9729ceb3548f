import { ModelFormatError } from '@bitwright/core';
import { isRecord } from './layers-model';

/** One output of one call of a layer. */
export interface TensorRef {
  readonly layer: string;
  /** Which call of the layer, 0 for the first. */
  readonly call: number;
  /** Which output of the call. */
  readonly output: number;
}

/** A layer and the inputs of each of its calls. */
export interface LayerNode {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly calls: readonly (readonly TensorRef[])[];
}

/** A Sequential or functional model as a graph of layer calls. */
export interface LayerGraph {
  readonly name: string;
  readonly layers: ReadonlyMap<string, LayerNode>;
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

/** Class names of models, which can also be layers of another model. */
export const modelClasses: readonly string[] = ['Sequential', 'Functional', 'Model'];

/**
 * The graph of layer calls in a Keras JSON; a Sequential model becomes a chain with an input layer in front.
 *
 * @throws {ModelFormatError} when the JSON is not that of a model
 */
export function readTopology(className: string, config: unknown): LayerGraph {
  if (!modelClasses.includes(className))
    throw malformed(`a model (${modelClasses.join(', ')})`, `class "${className}"`);
  return className === 'Sequential' ? sequentialGraph(config) : functionalGraph(config);
}

function sequentialGraph(config: unknown): LayerGraph {
  const list = Array.isArray(config) ? config : isRecord(config) ? config['layers'] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw malformed('layers in the Sequential model', 'none');
  const name = isRecord(config) ? String(config['name'] ?? 'sequential') : 'sequential';
  const layers = new Map<string, LayerNode>();
  let previous: TensorRef | undefined;
  for (const item of list) {
    const layer = readLayer(item);
    if (previous === undefined && layer.className !== 'InputLayer') {
      const input = inputLayerFor(layer);
      layers.set(input.name, input);
      previous = { layer: input.name, call: 0, output: 0 };
    }
    if (layers.has(layer.name)) throw malformed('one layer per name', `two called "${layer.name}"`);
    layers.set(layer.name, { ...layer, calls: [previous === undefined ? [] : [previous]] });
    previous = { layer: layer.name, call: 0, output: 0 };
  }
  const first = [...layers.values()][0];
  if (first === undefined || previous === undefined) throw malformed('layers in the Sequential model', 'none');
  return { name, layers, inputs: [{ layer: first.name, call: 0, output: 0 }], outputs: [previous] };
}

/** An InputLayer in front of the first layer of a Sequential model, with the shape that layer declares. */
function inputLayerFor(layer: LayerNode): LayerNode {
  const shape = layer.config['batch_input_shape'] ?? innermostInputShape(layer);
  return {
    name: `${layer.name}_input`,
    className: 'InputLayer',
    config: { batch_input_shape: shape, dtype: layer.config['dtype'] ?? 'float32', name: `${layer.name}_input` },
    calls: [[]],
  };
}

function innermostInputShape(layer: LayerNode): unknown {
  if (layer.className === 'Bidirectional' || layer.className === 'TimeDistributed') {
    const inner = layer.config['layer'];
    return isRecord(inner) && isRecord(inner['config']) ? inner['config']['batch_input_shape'] : undefined;
  }
  if (!modelClasses.includes(layer.className)) return undefined;
  const graph = readTopology(layer.className, layer.config);
  return graph.layers.get(graph.inputs[0]?.layer ?? '')?.config['batch_input_shape'];
}

function functionalGraph(config: unknown): LayerGraph {
  if (!isRecord(config) || !Array.isArray(config['layers'])) throw malformed('layers in the model', 'none');
  const layers = new Map<string, LayerNode>();
  for (const item of config['layers']) {
    const layer = readLayer(item);
    if (layers.has(layer.name)) throw malformed('one layer per name', `two called "${layer.name}"`);
    layers.set(layer.name, layer);
  }
  return withModelCallsFromZero({
    name: String(config['name'] ?? 'model'),
    layers,
    inputs: readRefs(config['input_layers'], 'input_layers'),
    outputs: readRefs(config['output_layers'], 'output_layers'),
  });
}

/**
 * Calls of a nested model are counted from 1 (0 is the call that built it), those of other layers from 0. Counts all from 0.
 * A file in which some reference says 0 counts its models from 0 already.
 */
function withModelCallsFromZero(graph: LayerGraph): LayerGraph {
  const refs = [...[...graph.layers.values()].flatMap((layer) => layer.calls.flat()), ...graph.outputs];
  const isShifted = (name: string): boolean =>
    modelClasses.includes(graph.layers.get(name)?.className ?? '') &&
    refs.every((ref) => ref.layer !== name || ref.call > 0);
  const shifted = new Set([...graph.layers.keys()].filter(isShifted));
  if (shifted.size === 0) return graph;
  const counted = (ref: TensorRef): TensorRef => (shifted.has(ref.layer) ? { ...ref, call: ref.call - 1 } : ref);
  const layers = [...graph.layers.values()].map((layer): [string, LayerNode] => [
    layer.name,
    { ...layer, calls: layer.calls.map((call) => call.map(counted)) },
  ]);
  return { ...graph, layers: new Map(layers), outputs: graph.outputs.map(counted) };
}

function readLayer(item: unknown): LayerNode {
  if (!isRecord(item) || typeof item['class_name'] !== 'string')
    throw malformed('layers with a class_name', JSON.stringify(item));
  const config = isRecord(item['config']) ? item['config'] : {};
  const name = item['name'] ?? config['name'];
  if (typeof name !== 'string' || name === '') throw malformed(`a name of the ${item['class_name']} layer`, 'none');
  const nodes = item['inbound_nodes'];
  const calls = Array.isArray(nodes) ? nodes.map((node) => readRefs(node, `inbound_nodes of layer "${name}"`)) : [];
  const isInput = item['class_name'] === 'InputLayer' && calls.length === 0;
  return { name, className: item['class_name'], config, calls: isInput ? [[]] : calls };
}

/** References as `[name, call, output, …]`, one or a list of them. */
function readRefs(json: unknown, where: string): TensorRef[] {
  if (!Array.isArray(json))
    throw malformed(
      `a list in ${where}`,
      typeof json,
      'The inbound nodes of Keras 3 are not read; TensorFlow.js does not load them either.',
    );
  const list: unknown[] = typeof json[0] === 'string' ? [json] : json;
  return list.map((ref) => {
    if (!Array.isArray(ref) || typeof ref[0] !== 'string')
      throw malformed(`[layer, call, output] in ${where}`, JSON.stringify(ref));
    return { layer: ref[0], call: Number(ref[1] ?? 0), output: Number(ref[2] ?? 0) };
  });
}

function malformed(expected: string, received: string, hint?: string): ModelFormatError {
  return new ModelFormatError({ operation: '[export] read the topology', expected, received, hint });
}
