import { ModelFormatError } from '@bitwright/core';
import type { LayerWeight } from './layers-model';

/**
 * Looks a weight up by the layers around it and its short name.
 *
 * TensorFlow.js saves `layer/kernel`; Keras adds the models and cells in between (`encoder/lstm/lstm_cell/kernel`). So a weight
 * belongs to a layer when its path names the layer and ends in the short name; the shortest such path is the layer's own.
 *
 * @param segments names that the path must contain, outermost first: the layer, then for wrappers the wrapped one
 * @throws {ModelFormatError} when two weights fit equally well
 */
export function findWeight(
  weights: ReadonlyMap<string, LayerWeight>,
  segments: readonly string[],
  name: string,
): LayerWeight | undefined {
  const exact = weights.get([...segments, name].join('/'));
  if (exact !== undefined) return exact;
  const fitting = [...weights.values()].filter((weight) => isPathOf(weight.name, segments, name));
  const depth = Math.min(...fitting.map((weight) => weight.name.split('/').length));
  const nearest = fitting.filter((weight) => weight.name.split('/').length === depth);
  if (nearest.length <= 1) return nearest[0];
  throw new ModelFormatError({
    operation: '[export] find weights',
    expected: `one weight "${name}" of layer "${segments.join('/')}"`,
    received: nearest.map((weight) => `"${weight.name}"`).join(', '),
    hint: 'Give the layers different names.',
  });
}

/** Whether a saved name runs through the segments in order and ends in the short name (Keras' `:0` left aside). */
function isPathOf(saved: string, segments: readonly string[], name: string): boolean {
  const path = saved.replace(/:0$/, '').split('/');
  if (path.pop() !== name) return false;
  let from = 0;
  for (const segment of segments.flatMap((part) => part.split('/'))) {
    const at = path.indexOf(segment, from);
    if (at < 0) return false;
    from = at + 1;
  }
  return true;
}
