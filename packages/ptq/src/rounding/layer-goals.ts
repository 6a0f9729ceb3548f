import { formatDims, type GraphIndex, type InferredShape, type Node } from '@bitwright/onnx';
import { nodeReads, nodesFor } from './graph-reads';
import type { LayerGoal } from './layer-targets';
import type { RoundableLayer } from './roundable-layers';

/**
 * What each layer is to reconstruct: the sum behind it, where the other operand is final by then (no layer that is rounded later
 * feeds it) and both have one shape; else its own output.
 *
 * @param layers in the order they are rounded
 * @param quantized index of the model that inputs come from; undefined: no sums
 * @param shapes of the float model's tensors
 */
export function layerGoals(
  layers: readonly RoundableLayer[],
  quantized: GraphIndex | undefined,
  shapes: ReadonlyMap<string, InferredShape>,
): readonly LayerGoal[] {
  const reads: ReadonlyMap<Node, readonly string[]> = quantized === undefined ? new Map() : nodeReads(quantized);
  const byName = new Map(quantized?.nodes.map((node) => [node.name, node]));
  const orderOf = new Map(layers.map((layer, order) => [layer.node.name, order]));
  return layers.map((layer, order): LayerGoal => {
    const own: LayerGoal = { layer, order, tensor: layer.output, other: undefined };
    const { sum } = layer;
    if (sum === undefined || quantized === undefined) return own;
    const other = byName.get(sum.node.name)?.input[sum.other];
    const operands = [layer.output, sum.node.input[sum.other] ?? ''].map((name) => shapes.get(name)?.dims);
    if (other === undefined || operands.includes(undefined)) return own;
    if (formatDims(operands[0]) !== formatDims(operands[1])) return own;
    const before = nodesFor([other], (name) => quantized.producer(name) === undefined, quantized, reads);
    const isFinal = before.every((node) => (orderOf.get(node.name) ?? -1) < order);
    return isFinal ? { layer, order, tensor: sum.node.output[0] ?? '', other } : own;
  });
}
