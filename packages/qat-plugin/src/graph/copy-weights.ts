import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ConvBatchNorm } from '../layers/conv-batch-norm';
import type { Layer } from '../layers/inner-layer';
import { InnerLayerWrapper } from '../layers/inner-layer-wrapper';
import { walkLayers } from './walk-layers';

/** Gives every layer of a rewritten model the weights of the layer it came from, by path. */
export function copyWeights(from: LayersModel, to: LayersModel, foldedBatchNorms: ReadonlyMap<string, string>): void {
  const targets = new Map<string, Layer>();
  for (const { path, layer } of walkLayers(to)) {
    if (layer instanceof ConvBatchNorm) {
      const batchNorm = foldedBatchNorms.get(path);
      if (batchNorm !== undefined) targets.set(batchNorm, layer.batchNorm);
    }
    targets.set(path, layer instanceof InnerLayerWrapper ? (layer.innerLayers[0] as Layer) : layer);
  }
  for (const { path, layer } of walkLayers(from)) {
    const target = targets.get(path);
    if (target !== undefined && layer.weights.length > 0) target.setWeights(layer.getWeights());
  }
}
