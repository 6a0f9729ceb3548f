import { InvalidArgumentError } from '@bitwright/core';
import type { PlacedActivation, Placement } from '@bitwright/export';
import { type GraphIndex, graphIndex, type Model, type Node } from '@bitwright/onnx';
import { nodeReads } from './graph-reads';
import { layerTypes } from './layer-types';
import { narrowActivation, narrowWeight } from './narrow-schemes';

/** Bits of one layer's weights and of the activation it reads; 32 and 32: the layer stays in float. */
export interface LayerBits {
  readonly weightBits: number;
  readonly activationBits: number;
}

export interface LowBitOptions {
  /** 2 … 8. */
  readonly weightBits: number;
  /** 2 … 8. Default 8. */
  readonly activationBits?: number;
  /** Layers between a model input and any other layer, and those with no layer behind them, keep 8 bits. Default true. */
  readonly keepFirstAndLast?: boolean;
  /**
   * bytes: 8-bit codes in a narrower range, which integer kernels run (onnxruntime); packed: int4, half the file (two or three
   * bits too), which needs operator set 21 and runs in float. Default `bytes`.
   */
  readonly weightStorage?: 'bytes' | 'packed';
  /**
   * Values that a layer and something else read (an addition, a pool) get a quantizer for each, the other one at its full width.
   * false: one quantizer of the layer's width for both. Default true. Done by {@link separateSkips}.
   */
  readonly wideSkips?: boolean;
  /** Layers with bits of their own, by node name: mixed precision, and what was said by hand. First and last ones too. */
  readonly layers?: ReadonlyMap<string, LayerBits>;
}

/** The layers whose bits can be chosen, in topological order. */
export interface LowBitLayers {
  readonly nodes: readonly Node[];
  /** Those that keep 8 bits by default: with no other layer before them, or none behind. */
  readonly outermost: ReadonlySet<Node>;
}

export function findLowBitLayers(model: Model, placement: Placement): LowBitLayers {
  if (model.graph === undefined) throw invalid('a model with a graph', 'none');
  const index = graphIndex(model.graph);
  const nodes = index.nodes.filter((node) => isLayer(node, placement));
  return { nodes, outermost: outermost(nodes, index) };
}

/**
 * A placement with fewer bits: a pure change of schemes.
 *
 * - weights of layers (Conv, Gemm, MatMul): codes −2^(b−1) … 2^(b−1)−1, all else of the scheme as it was;
 * - activations: fewer codes where such a layer reads them (their pass-through group follows); results that only feed additions,
 *   pools or the model's output keep their width, as in the literature, where only the inputs of products are quantized. The
 *   exporter saturates at the narrower codes with a Clip of the codes, so the file computes what the scheme says.
 *
 * @param model the prepared model the placement was made for
 * @throws {InvalidArgumentError} for a width that is not supported
 */
export function lowBitSchemes(model: Model, placement: Placement, options: LowBitOptions): Placement {
  const { weightBits, activationBits = 8, keepFirstAndLast = true, weightStorage = 'bytes', layers } = options;
  assertBits(weightBits, activationBits);
  for (const bits of layers?.values() ?? []) if (bits.weightBits < 32) assertBits(bits.weightBits, bits.activationBits);
  const found = findLowBitLayers(model, placement);
  const weights = new Map(placement.weights);
  const leaderBits = new Map<string, number>();
  for (const node of found.nodes) {
    const isKept = keepFirstAndLast && found.outermost.has(node);
    const bits = layers?.get(node.name) ?? (isKept ? undefined : { weightBits, activationBits });
    if (bits === undefined) continue;
    const name = node.input[1] ?? '';
    const placed = placement.weights.get(name);
    if (placed !== undefined && bits.weightBits < 8) {
      weights.set(name, { ...placed, scheme: narrowWeight(placed.scheme, bits.weightBits, weightStorage) });
    }
    const leader = placement.activations.get(node.input[0] ?? '')?.leader;
    if (leader !== undefined) leaderBits.set(leader, Math.min(bits.activationBits, leaderBits.get(leader) ?? 8));
  }
  const activations = new Map(
    [...placement.activations].map(([name, placed]): [string, PlacedActivation] => {
      const bits = leaderBits.get(placed.leader) ?? 8;
      return [name, bits < 8 ? { ...placed, scheme: narrowActivation(placed.scheme, bits) } : placed];
    }),
  );
  return Object.freeze({ ...placement, weights, activations });
}

// — internals —

function isLayer(node: Node, placement: Placement): boolean {
  const kind = placement.nodes.get(node.name)?.kind;
  if (kind !== 'integer' || !layerTypes.has(node.opType)) return false;
  return placement.weights.has(node.input[1] ?? '');
}

/** Layers without a layer before them, or without one behind them. */
function outermost(layers: readonly Node[], index: GraphIndex): Set<Node> {
  const isLayerNode = new Set(layers);
  const reads = nodeReads(index);
  const hasBefore = new Map<Node, boolean>();
  const hasBehind = new Set<Node>();
  for (const node of index.nodes) {
    const producers = (reads.get(node) ?? []).flatMap((name) => index.producer(name) ?? []);
    hasBefore.set(
      node,
      producers.some((producer) => isLayerNode.has(producer) || hasBefore.get(producer) === true),
    );
  }
  for (const node of [...index.nodes].reverse()) {
    if (!isLayerNode.has(node) && !hasBehind.has(node)) continue;
    for (const name of reads.get(node) ?? []) {
      const producer = index.producer(name);
      if (producer !== undefined) hasBehind.add(producer);
    }
  }
  return new Set(layers.filter((node) => hasBefore.get(node) !== true || !hasBehind.has(node)));
}

function assertBits(weightBits: number, activationBits: number): void {
  if (!Number.isInteger(weightBits) || weightBits < 2 || weightBits > 8) throw invalid('weightBits 2 … 8', weightBits);
  if (!Number.isInteger(activationBits) || activationBits < 2 || activationBits > 8) {
    throw invalid('activationBits 2 … 8', activationBits);
  }
}

function invalid(expected: string, received: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] lowBitSchemes', expected, received: String(received) });
}
