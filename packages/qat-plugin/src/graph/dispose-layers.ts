import type { LayersModel } from '@tensorflow/tfjs-layers';
import { walkLayers } from './walk-layers';

/**
 * Frees the variables of a model that nobody else holds. `model.dispose()` of TensorFlow.js gives up one reference of each layer, and a
 * layer that is called twice has two.
 */
export function disposeLayers(model: LayersModel): void {
  for (const { layer } of walkLayers(model)) for (const variable of layer.weights) variable.dispose();
}
