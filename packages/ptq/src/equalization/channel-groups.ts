import { type GraphEditor, type InferredShape, inferShapes, type Model, type Node, nodeLabel } from '@bitwright/onnx';
import { type ChannelLayer, isLayerType, readChannelLayer } from './channel-layer';
import { type ChannelPlace, channelPassage, type PassageContext } from './channel-passage';

/** A layer that reads the group's channels: input channel i of the layer belongs to channel floor(i / block). */
export interface GroupReader {
  readonly layer: ChannelLayer;
  readonly block: number;
}

/** A constant added to a tensor of the group. */
export interface GroupOffset {
  readonly node: Node;
  readonly input: number;
  /** Axis of the channels in the sum, counted from the right: −1 is the last. */
  readonly axisFromRight: number;
  readonly block: number;
}

/** An operator with a ceiling inside a group. */
export interface GroupClip {
  readonly node: Node;
  readonly ceiling: number;
}

/**
 * Tensors that must share one scale per channel: all that joins layers that write the channels with layers that read them
 * through operators that pass channels on.
 */
export interface ChannelGroup {
  readonly channels: number;
  readonly tensors: readonly string[];
  readonly writers: readonly ChannelLayer[];
  readonly readers: readonly GroupReader[];
  readonly operators: readonly Node[];
  readonly offsets: readonly GroupOffset[];
  readonly clips: readonly GroupClip[];
}

/** Channels that cannot be rescaled, and why. */
export interface BlockedGroup {
  /** Output of the first layer that writes them. */
  readonly tensor: string;
  readonly reason: string;
}

export interface ChannelGroups {
  readonly groups: readonly ChannelGroup[];
  readonly blocked: readonly BlockedGroup[];
}

/** Groups of all layers of a prepared model, in topological order of their first writer. */
export function findChannelGroups(edit: GraphEditor, model: Model): ChannelGroups {
  const types = inferShapes(model);
  const context: PassageContext = { edit, shape: (name) => types.get(name) };
  const layers = new Map<Node, ChannelLayer | string>();
  const layerOf = (node: Node): ChannelLayer | string => {
    const known = layers.get(node);
    if (known !== undefined) return known;
    const layer = readChannelLayer(node, edit);
    layers.set(node, layer);
    return layer;
  };
  const groups: ChannelGroup[] = [];
  const blocked: BlockedGroup[] = [];
  const visited = new Set<string>();
  for (const node of edit.nodes()) {
    if (!isLayerType(node)) continue;
    const layer = layerOf(node);
    const tensor = node.output[0] ?? '';
    if (visited.has(tensor)) continue;
    if (typeof layer === 'string') {
      blocked.push({ tensor, reason: `${node.opType} "${nodeLabel(node)}": ${layer}` });
      continue;
    }
    const found = grow(layer, { context, layerOf, visited });
    if (typeof found === 'string') blocked.push({ tensor, reason: found });
    else groups.push(found);
  }
  return { groups, blocked };
}

// — internals —

/** Axis of a layer's channels in a tensor; undefined when it depends on a rank that is not known. */
function layerAxis(layer: ChannelLayer, shape: InferredShape | undefined): number | undefined {
  if (layer.axis === 1) return 1;
  return shape?.dims === undefined ? undefined : shape.dims.length - 1;
}

interface Search {
  readonly context: PassageContext;
  readonly layerOf: (node: Node) => ChannelLayer | string;
  readonly visited: Set<string>;
}

/** A group under construction: tensors still to look at, and what was met. */
interface Growth {
  readonly places: Map<string, ChannelPlace>;
  readonly open: string[];
  readonly writers: ChannelLayer[];
  readonly readers: GroupReader[];
  readonly operators: Set<Node>;
  readonly offsets: GroupOffset[];
  readonly clips: GroupClip[];
}

/** The group around a layer's output, or the first reason why there is none. Visits all of it either way. */
function grow(layer: ChannelLayer, search: Search): ChannelGroup | string {
  const { context, visited } = search;
  const first = layer.node.output[0] ?? '';
  const growth: Growth = {
    places: new Map(),
    open: [],
    writers: [],
    readers: [],
    operators: new Set(),
    offsets: [],
    clips: [],
  };
  const axis = layerAxis(layer, context.shape(first));
  if (axis === undefined) return `the rank of "${first}" is not known`;
  let reason: string | undefined;
  const block = (text: string | undefined): void => {
    reason ??= text;
  };
  block(reach(first, { axis, block: 1 }, growth));
  for (let tensor = growth.open.pop(); tensor !== undefined; tensor = growth.open.pop()) {
    visited.add(tensor);
    const place = growth.places.get(tensor);
    if (place === undefined) continue;
    if (context.edit.isOutput(tensor)) block(`"${tensor}" is a model output`);
    block(lookBack(tensor, place, growth, search));
    block(lookAhead(tensor, place, growth, search));
  }
  if (reason !== undefined) return reason;
  if (growth.readers.length === 0) return `no layer reads "${first}"`;
  const channels = layer.outputs;
  const other = growth.writers.find((writer) => writer.outputs !== channels);
  if (other !== undefined) return `${other.outputs} channels of "${nodeLabel(other.node)}" meet ${channels}`;
  const reader = growth.readers.find((r) => r.layer.inputs !== channels * r.block);
  if (reader !== undefined)
    return `"${nodeLabel(reader.layer.node)}" reads ${reader.layer.inputs} channels of ${channels}`;
  const { writers, readers, offsets, clips } = growth;
  return {
    channels,
    tensors: [...growth.places.keys()],
    writers,
    readers,
    operators: [...growth.operators],
    offsets,
    clips,
  };
}

/** Adds a tensor to the group; a text when it is in already with its channels elsewhere. */
function reach(tensor: string, place: ChannelPlace, { places, open }: Growth): string | undefined {
  const known = places.get(tensor);
  if (known === undefined) {
    places.set(tensor, place);
    open.push(tensor);
    return undefined;
  }
  return known.axis === place.axis && known.block === place.block
    ? undefined
    : `the channels of "${tensor}" lie in two places`;
}

function lookBack(tensor: string, place: ChannelPlace, growth: Growth, search: Search): string | undefined {
  const { context, layerOf } = search;
  const producer = context.edit.producer(tensor);
  if (producer === undefined) return `"${tensor}" comes from outside`;
  if (isLayerType(producer)) {
    const layer = layerOf(producer);
    if (typeof layer === 'string') return `${producer.opType} "${nodeLabel(producer)}": ${layer}`;
    const axis = layerAxis(layer, context.shape(tensor));
    if (axis !== place.axis || place.block !== 1) return `the channels of "${tensor}" are not those of its layer`;
    growth.writers.push(layer);
    return undefined;
  }
  return passThrough(producer, growth, search, () => place);
}

function lookAhead(tensor: string, place: ChannelPlace, growth: Growth, search: Search): string | undefined {
  const { context, layerOf } = search;
  let reason: string | undefined;
  for (const use of context.edit.consumers(tensor)) {
    const { node } = use;
    if (node.opType === 'Shape' || node.opType === 'Size') continue;
    if (use.scope !== '') {
      reason ??= `"${tensor}" is read inside the graphs of "${nodeLabel(use.owner)}"`;
    } else if (isLayerType(node)) {
      reason ??= readBy(tensor, use.input, place, layerOf(node), node, growth, context);
    } else {
      const passage = channelPassage(node, context);
      const output = passage?.inputs.includes(use.input) === true ? passage.forward(place) : undefined;
      reason ??=
        output === undefined
          ? `"${tensor}" is read by ${node.opType} "${nodeLabel(node)}", which does not keep channels apart`
          : passThrough(node, growth, search, () => output);
    }
  }
  return reason;
}

function readBy(
  tensor: string,
  input: number,
  place: ChannelPlace,
  layer: ChannelLayer | string,
  node: Node,
  growth: Growth,
  context: PassageContext,
): string | undefined {
  if (typeof layer === 'string') return `"${tensor}" is read by ${node.opType} "${nodeLabel(node)}": ${layer}`;
  if (input !== 0 || layerAxis(layer, context.shape(tensor)) !== place.axis) {
    return `"${tensor}" is read by ${node.opType} "${nodeLabel(node)}" along another axis`;
  }
  growth.readers.push({ layer, block: place.block });
  return undefined;
}

/** Joins all tensors around an operator that passes channels on. */
function passThrough(
  node: Node,
  growth: Growth,
  { context }: Search,
  outputPlace: () => ChannelPlace,
): string | undefined {
  if (growth.operators.has(node)) return undefined;
  const passage = channelPassage(node, context);
  const [output = ''] = node.output;
  if (passage === undefined) return `"${output}" comes from ${node.opType} "${nodeLabel(node)}"`;
  growth.operators.add(node);
  const place = outputPlace();
  let reason = reach(output, place, growth);
  for (const i of passage.inputs) {
    const source = passage.backward(place);
    reason ??=
      source === undefined
        ? `"${output}" comes from ${node.opType} "${nodeLabel(node)}", which does not keep channels apart`
        : reach(node.input[i] ?? '', source, growth);
  }
  if (passage.ceiling !== undefined) growth.clips.push({ node, ceiling: passage.ceiling });
  if (passage.offset !== undefined) {
    const rank = context.shape(output)?.dims?.length ?? 0;
    growth.offsets.push({ node, input: passage.offset, axisFromRight: place.axis - rank, block: place.block });
  }
  return reason;
}
