import { type GraphIndex, type Node, tensorToFloat32 } from '@bitwright/onnx';
import { layerTypes } from '../rounding/layer-types';
import type { RoundableLayer } from '../rounding/roundable-layers';
import { type ShapedGraph, unsupported } from './supported-nodes';

/** Layers that are learned together, and everything between their input and their output. */
export interface Block {
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly layers: readonly RoundableLayer[];
  /** Values from outside that are no constants. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Why the layers of a larger block were taken one by one; undefined where this is the natural block. */
  readonly split: string | undefined;
}

/** Layers in a row without a fork that make one block, as in an inverted residual. */
const longestChain = 3;
/** More layers than this between a fork and its join are taken one by one. */
const mostLayers = 8;

/**
 * Splits a model into blocks for reconstruction:
 *
 * - from a value that several nodes read to where their branches meet again: a residual block;
 * - else up to three layers in a row, each with the activation behind it, ending before the next fork and behind a layer without an
 *   activation: an inverted residual without a skip;
 * - single layers where a block holds an operator that is not supported.
 *
 * @see Li et al. 2021, arXiv:2102.05426 §3.2
 */
export function findBlocks(graph: ShapedGraph, layers: readonly RoundableLayer[]): readonly Block[] {
  const layerOf = new Map(layers.map((layer) => [layer.node, layer]));
  const taken = new Set<Node>();
  const blocks: Block[] = [];
  for (const layer of layers) {
    if (taken.has(layer.node)) continue;
    const found = growBlock(layer, graph, layerOf);
    const { nodes, output } = typeof found === 'string' ? withActivation([layer.node], graph) : found;
    for (const node of nodes) taken.add(node);
    blocks.push({
      nodes,
      layers: nodes.flatMap((node) => layerOf.get(node) ?? []),
      inputs: outerInputs(nodes, graph.index),
      output,
      split: typeof found === 'string' ? found : undefined,
    });
  }
  return blocks;
}

/** Bounds of a Relu or Clip. */
export function clampOf(node: Node, index: GraphIndex): { readonly min: number; readonly max: number } {
  if (node.opType === 'Relu') return { min: 0, max: Number.POSITIVE_INFINITY };
  const bound = (name: string | undefined, otherwise: number): number => {
    const tensor = name === undefined || name === '' ? undefined : index.initializer(name);
    return tensor === undefined ? otherwise : (tensorToFloat32(tensor)[0] ?? otherwise);
  };
  return { min: bound(node.input[1], Number.NEGATIVE_INFINITY), max: bound(node.input[2], Number.POSITIVE_INFINITY) };
}

export function isClamp(node: Node): boolean {
  return node.opType === 'Relu' || node.opType === 'Clip';
}

// — internals —

interface Region {
  readonly nodes: readonly Node[];
  readonly output: string;
}

function growBlock(
  first: RoundableLayer,
  graph: ShapedGraph,
  layerOf: ReadonlyMap<Node, RoundableLayer>,
): Region | string {
  const { index } = graph;
  const start = copiedValue(first.node.input[0] ?? '', index);
  if (readers(start, index).length > 1) {
    const region = joinOf(start, graph, layerOf);
    if (typeof region === 'string') return region;
    return withActivation(region.nodes, graph, region.output);
  }
  let region = withActivation([first.node], graph);
  let layer = first;
  for (let count = 1; count < longestChain; count++) {
    const isLinear = region.output === (layer.node.output[0] ?? '');
    const next = onlyReader(region.output, index);
    const nextLayer = next === undefined ? undefined : layerOf.get(next);
    if (isLinear || nextLayer === undefined || unsupported(nextLayer.node, graph) !== undefined) break;
    region = withActivation([...region.nodes, nextLayer.node], graph);
    layer = nextLayer;
  }
  const reason = region.nodes.map((node) => unsupported(node, graph)).find((text) => text !== undefined);
  return reason ?? region;
}

/** What an Identity copies: the value that a layer and an addition share. */
function copiedValue(name: string, index: GraphIndex): string {
  const producer = index.producer(name);
  return producer?.opType === 'Identity' ? (producer.input[0] ?? name) : name;
}

/** Everything between a value and where all that follows from it is one value again. */
function joinOf(start: string, graph: ShapedGraph, layerOf: ReadonlyMap<Node, RoundableLayer>): Region | string {
  const { index } = graph;
  const open = new Map<string, number>([[start, index.consumers(start).length]]);
  const nodes: Node[] = [];
  let layers = 0;
  for (const node of index.nodes) {
    const read = node.input.filter((name) => open.has(name));
    if (read.length === 0) continue;
    const reason = unsupported(node, graph);
    if (reason !== undefined) return reason;
    if (layerTypes.has(node.opType) && !layerOf.has(node)) return `${node.opType} "${node.name}" is not rounded`;
    if (layerOf.has(node) && ++layers > mostLayers)
      return `more than ${mostLayers} layers lie before its branches meet`;
    for (const name of read) {
      const left = (open.get(name) as number) - 1;
      if (left === 0) open.delete(name);
      else open.set(name, left);
    }
    nodes.push(node);
    const output = node.output[0] ?? '';
    if (open.size === 0 && layers > 0) return { nodes, output };
    const uses = index.consumers(output);
    if (index.isOutput(output) || uses.length === 0) return `"${output}" leaves it halfway`;
    open.set(output, uses.length);
  }
  return 'its branches do not meet again';
}

/** Nodes and the activation that alone reads their result. */
function withActivation(nodes: readonly Node[], graph: ShapedGraph, output = nodes.at(-1)?.output[0] ?? ''): Region {
  const next = onlyReader(output, graph.index);
  if (next === undefined || !isClamp(next) || unsupported(next, graph) !== undefined) return { nodes, output };
  return { nodes: [...nodes, next], output: next.output[0] ?? '' };
}

function onlyReader(name: string, index: GraphIndex): Node | undefined {
  const uses = readers(name, index);
  return uses.length === 1 && !index.isOutput(name) ? uses[0] : undefined;
}

function readers(name: string, index: GraphIndex): readonly Node[] {
  return index.consumers(name).map((use) => use.owner);
}

function outerInputs(nodes: readonly Node[], index: GraphIndex): readonly string[] {
  const inside = new Set(nodes.flatMap((node) => node.output));
  const names = nodes.flatMap((node) => node.input).filter((name) => name !== '' && !inside.has(name));
  return [...new Set(names)].filter((name) => index.initializer(name) === undefined);
}
