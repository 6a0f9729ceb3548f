import { editGraph, type Model } from '@bitwright/onnx';
import { findChannelGroups } from './channel-groups';
import type { ChannelTensor } from './channel-statistics';

/**
 * Tensors whose statistics `equalizeWeights` with `clip: 'bounded'` and `absorbHighBias` can use: the channels of every group
 * before the activation function, with their axis. Feeds `observeChannels` where a model carries no BatchNormalization.
 */
export function equalizedTensors(model: Model): readonly ChannelTensor[] {
  const edit = editGraph(model);
  const tensors = new Map<string, ChannelTensor>();
  for (const group of findChannelGroups(edit, model).groups) {
    for (const layer of group.writers) {
      const output = layer.node.output[0] ?? '';
      const offset = group.offsets.find(({ node }) => node.input.includes(output));
      const tensor = offset?.node.output[0] ?? output;
      tensors.set(tensor, { tensor, axis: layer.axis === 1 ? 1 : -1 });
    }
    for (const { node } of group.clips) {
      const tensor = node.input[0] ?? '';
      if (!tensors.has(tensor)) tensors.set(tensor, { tensor, axis: 1 });
    }
  }
  return [...tensors.values()];
}
