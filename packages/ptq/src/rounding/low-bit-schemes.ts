import { InvalidArgumentError, int4, type LinearScheme, withScheme } from '@bitwright/core';
import type { PlacedActivation, PlacedWeight, Placement } from '@bitwright/export';
import { type GraphIndex, graphIndex, type Model, type Node } from '@bitwright/onnx';
import { nodeReads } from './graph-reads';

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
  const { weightBits, activationBits = 8, keepFirstAndLast = true, weightStorage = 'bytes' } = options;
  if (!Number.isInteger(weightBits) || weightBits < 2 || weightBits > 8) throw invalid('weightBits 2 … 8', weightBits);
  if (!Number.isInteger(activationBits) || activationBits < 2 || activationBits > 8) {
    throw invalid('activationBits 2 … 8', activationBits);
  }
  const graph = model.graph;
  if (graph === undefined) throw invalid('a model with a graph', 'none');
  const index = graphIndex(graph);
  const layers = index.nodes.filter((node) => isLayer(node, placement));
  const kept = keepFirstAndLast ? outermost(layers, index) : new Set<Node>();
  const weights = new Map(placement.weights);
  const low = new Set<string>();
  for (const node of layers) {
    if (kept.has(node)) continue;
    const name = node.input[1] ?? '';
    const placed = placement.weights.get(name);
    if (placed !== undefined && weightBits < 8) weights.set(name, lowBitWeight(placed, weightBits, weightStorage));
    const leader = placement.activations.get(node.input[0] ?? '')?.leader;
    if (leader !== undefined) low.add(leader);
  }
  const activations = new Map(
    [...placement.activations].map(([name, placed]): [string, PlacedActivation] => [
      name,
      activationBits < 8 && low.has(placed.leader)
        ? { ...placed, scheme: lowBitActivation(placed.scheme, activationBits) }
        : placed,
    ]),
  );
  return Object.freeze({ ...placement, weights, activations });
}

// — internals —

function isLayer(node: Node, placement: Placement): boolean {
  const kind = placement.nodes.get(node.name)?.kind;
  if (kind !== 'integer' || !['Conv', 'Gemm', 'MatMul'].includes(node.opType)) return false;
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

function lowBitWeight(placed: PlacedWeight, bits: number, storage: 'bytes' | 'packed'): PlacedWeight {
  const codes = { qmin: -(2 ** (bits - 1)), qmax: 2 ** (bits - 1) - 1, narrowRange: false };
  const packed = storage === 'packed' && bits <= 4 ? { dtype: int4 } : {};
  return { ...placed, scheme: withScheme(placed.scheme, { ...packed, ...codes }) };
}

function lowBitActivation(scheme: LinearScheme, bits: number): LinearScheme {
  const codes = scheme.dtype.signed
    ? { qmin: -(2 ** (bits - 1)), qmax: 2 ** (bits - 1) - 1, narrowRange: false }
    : { qmin: 0, qmax: 2 ** bits - 1 };
  return withScheme(scheme, codes);
}

function invalid(expected: string, received: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] lowBitSchemes', expected, received: String(received) });
}
