import type { TensorQuantization } from '@bitwright/core';
import { getInt, getString, graphIndex, type Model, type Node } from '@bitwright/onnx';
import { requireGraph } from '../onnx-qdq/require-graph';

const movers = new Set([
  'Transpose',
  'Flatten',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Gather',
  'Identity',
  'Tile',
  'MaxPool',
]);

/**
 * Adds the parameters of a quantized tensor to the outputs of operators that only move or pick its values, unless training gave
 * them their own: quantizing a value a second time with the same parameters changes nothing, and runtimes then move codes.
 */
export function spreadOverMovers(model: Model, tensors: Record<string, TensorQuantization>): void {
  const index = graphIndex(requireGraph(model, '[export] spreadOverMovers'));
  for (const node of index.nodes) {
    const [input = ''] = node.input;
    const [output = ''] = node.output;
    const source = tensors[input];
    if (source === undefined || source.role !== 'activation' || tensors[output] !== undefined) continue;
    if (!isMover(node) || index.isOutput(output)) continue;
    const leader = source.origin.source === 'derived' ? (source.origin.from?.[0] ?? input) : input;
    tensors[output] = { ...source, origin: { source: 'derived', from: [leader] } };
  }
}

/** Whether an operator only moves or picks values: quantizing before or behind it is the same. */
export function isMover(node: Node): boolean {
  if (node.opType === 'Resize')
    return getString(node, 'mode', 'nearest') === 'nearest' && getInt(node, 'antialias', 0) === 0;
  return movers.has(node.opType);
}
