import { activationOf, activationOperator } from '../rules/activation-operators';
import type { LayerRule } from '../rules/layer-rule';
import { type GraphIndex, outputsOf } from './graph-index';
import type { GraphLayer, TensorRef } from './model-graph';

/** The name of the batch normalization that alone reads a layer that is called once and has no activation of its own. */
export function followingBatchNorm(
  layer: GraphLayer,
  index: GraphIndex,
  rules: ReadonlyMap<string, LayerRule>,
): string | undefined {
  const output = outputsOf(layer)[0] as TensorRef;
  const readers = index.consumers(output);
  if (layer.calls.length !== 1 || readers.length !== 1 || index.isOutput(output)) return undefined;
  if (activationOperator(activationOf(layer.config)) !== 'Identity') return undefined;
  if (layer.className === 'Conv2D' && layer.config['dataFormat'] === 'channelsFirst') return undefined;
  const reader = index.layer(readers[0]?.layer as string);
  const isBatchNorm = rules.get(reader.className)?.kind === 'batchNorm' && reader.calls.length === 1;
  const axis = reader.config['axis'];
  return isBatchNorm && (axis === -1 || axis === 3 || axis === 1) ? reader.name : undefined;
}
