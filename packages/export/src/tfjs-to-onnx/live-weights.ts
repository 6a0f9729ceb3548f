import { ModelFormatError } from '@bitwright/core';
import type { LayerWeight, LiveWeight } from './layers-model';

/**
 * Current values of the weights of a live model, by the name TensorFlow.js saves them under.
 *
 * @throws {ModelFormatError} when two different weights carry one name
 */
export function liveWeights(weights: readonly LiveWeight[]): Map<string, LayerWeight> {
  const byName = new Map<string, LayerWeight>();
  for (const weight of weights) {
    const name = weight.originalName;
    if (byName.has(name)) {
      throw new ModelFormatError({
        operation: '[export] read the weights of the live model',
        expected: 'one weight per name',
        received: `two called "${name}"`,
        hint: 'Give the layers different names; TensorFlow.js could not save this model either.',
      });
    }
    const tensor = weight.read();
    byName.set(name, { name, shape: [...tensor.shape], data: Float32Array.from(tensor.dataSync()) });
  }
  return byName;
}
