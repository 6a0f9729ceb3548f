import { ModelFormatError } from '@bitwright/core';
import type { Model } from '../message/types';
import { nodeLabel } from './body-graphs';
import { type EditorState, isDefined } from './editor-state';
import { topologicalOrder } from './topological-order';

const requireComplete = (state: EditorState): void => {
  for (const name of state.uses.names()) {
    if (isDefined(state, name)) continue;
    const readers = state.uses.of(name).map((use) => `"${nodeLabel(use.owner)}"`);
    throw new ModelFormatError({
      operation: '[onnx] editGraph.finish',
      expected: `value "${name}" to be produced by a node, an initializer or an input`,
      received: `no producer for ${readers.length === 1 ? 'reader' : 'readers'} ${readers.slice(0, 5).join(', ')}`,
    });
  }
  for (const output of state.outputs) {
    if (isDefined(state, output.name)) continue;
    throw new ModelFormatError({
      operation: '[onnx] editGraph.finish',
      expected: `model output "${output.name}" to be produced by a node, an initializer or an input`,
      received: 'no producer',
    });
  }
};

/**
 * Writes the edited state back into the copied model: nodes sorted, lists rebuilt, declarations of vanished values dropped.
 *
 * @throws {ModelFormatError} when a value has readers but no producer, or the nodes form a cycle
 */
export const finishEdit = (state: EditorState): Model => {
  requireComplete(state);
  const { graph } = state;
  graph.node = [...(state.order ?? topologicalOrder(state.nodes))];
  graph.initializer = [...state.initializers.values()];
  graph.input = [...state.inputs.values()];
  graph.output = [...state.outputs];
  graph.valueInfo = [...state.infos.values()].filter(
    (info) => isDefined(state, info.name) && !state.inputs.has(info.name) && !state.outputNames.has(info.name),
  );
  graph.quantizationAnnotation = graph.quantizationAnnotation.filter((entry) => isDefined(state, entry.tensorName));
  return state.model;
};
