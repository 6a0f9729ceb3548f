import { ModelFormatError } from '@bitwright/core';
import type { Graph, Model } from '@bitwright/onnx';

/** @throws {ModelFormatError} when the model has no graph */
export function requireGraph(model: Model, operation: string): Graph {
  if (model.graph === undefined) {
    throw new ModelFormatError({ operation, expected: 'a model with a graph', received: 'a model without' });
  }
  return model.graph;
}
