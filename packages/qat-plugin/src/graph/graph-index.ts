import type { GraphLayer, ModelGraph, TensorRef } from './model-graph';

/** One place where a tensor is read. */
export interface Consumer {
  readonly layer: string;
  readonly call: number;
  readonly input: number;
}

/** Questions about a graph, answered from maps. */
export interface GraphIndex {
  layer(name: string): GraphLayer;
  consumers(ref: TensorRef): readonly Consumer[];
  isOutput(ref: TensorRef): boolean;
}

export function indexGraph(graph: ModelGraph): GraphIndex {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const consumers = new Map<string, Consumer[]>();
  for (const { name, calls } of graph.layers) {
    for (const [call, { inputs }] of calls.entries()) {
      for (const [input, ref] of inputs.entries()) {
        const key = tensorKey(ref);
        consumers.set(key, [...(consumers.get(key) ?? []), { layer: name, call, input }]);
      }
    }
  }
  const outputs = new Set(graph.outputs.map(tensorKey));
  return {
    layer: (name) => layers.get(name) as GraphLayer,
    consumers: (ref) => consumers.get(tensorKey(ref)) ?? [],
    isOutput: (ref) => outputs.has(tensorKey(ref)),
  };
}

export function tensorKey({ layer, nodeIndex, tensorIndex }: TensorRef): string {
  return `${layer}\n${nodeIndex}\n${tensorIndex}`;
}

/** The outputs of every call of a layer (one tensor each: layers with several outputs are models or recurrent). */
export function outputsOf(layer: GraphLayer): readonly TensorRef[] {
  const calls = Math.max(layer.calls.length, 1);
  return Array.from({ length: calls }, (_, nodeIndex) => ({ layer: layer.name, nodeIndex, tensorIndex: 0 }));
}
