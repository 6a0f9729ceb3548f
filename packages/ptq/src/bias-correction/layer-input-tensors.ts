import { editGraph, type Model } from '@bitwright/onnx';
import { isLayerType, readChannelLayer } from '../equalization/channel-layer';
import type { ChannelTensor } from '../equalization/channel-statistics';

/**
 * What layers with constant weights read, with the axis of the channels. Observed in the float model, their means let
 * `correctBiasFromStatistics` correct what rounding the weights does, in models that carry no BatchNormalization.
 */
export function layerInputTensors(model: Model): readonly ChannelTensor[] {
  const edit = editGraph(model);
  const tensors = new Map<string, ChannelTensor>();
  for (const node of edit.nodes()) {
    const layer = isLayerType(node) ? readChannelLayer(node, edit) : 'no layer';
    const tensor = node.input[0] ?? '';
    if (typeof layer === 'string' || tensors.has(tensor)) continue;
    tensors.set(tensor, { tensor, axis: layer.axis === 1 ? 1 : -1 });
  }
  return [...tensors.values()];
}
