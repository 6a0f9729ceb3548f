import { createNode, type Model, type Node } from '@bitwright/onnx';
import { requireGraph } from '../onnx-qdq/require-graph';
import type { Weight } from './find-weights';
import type { NameAllocator } from './graph-scopes';

/**
 * Stores a float weight once where the file holds it as W and as Wᵀ: every further copy in the main graph becomes a Transpose (or an
 * Identity) of the first, which runtimes fold when the model is loaded. Changes the model.
 *
 * @returns the names of the tensors that are gone
 */
export function tieFloatCopies(model: Model, weights: readonly Weight[], names: NameAllocator): readonly string[] {
  const graph = requireGraph(model, '[export] tieFloatCopies');
  const initializers = new Set(graph.initializer.map((tensor) => tensor.name));
  const added: Node[] = [];
  const gone = new Set<string>();
  for (const weight of weights) {
    const copies = weight.copies.filter(
      ({ constant }) => constant.scope.parent === undefined && initializers.has(constant.name),
    );
    const [first, ...others] = copies;
    if (first === undefined) continue;
    for (const other of others) {
      const isSwapped = other.isTransposed !== first.isTransposed;
      gone.add(other.constant.name);
      added.push(
        createNode({
          opType: isSwapped ? 'Transpose' : 'Identity',
          name: names.node(`${other.constant.name}_tied`),
          inputs: [first.constant.name],
          outputs: [other.constant.name],
        }),
      );
    }
  }
  if (gone.size === 0) return [];
  graph.initializer = graph.initializer.filter((tensor) => !gone.has(tensor.name));
  graph.node = [...added, ...graph.node];
  return [...gone];
}
