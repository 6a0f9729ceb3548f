import { ModelFormatError } from '@bitwright/core';
import { type GraphIndex, graphIndex, type Model, type Node } from '@bitwright/onnx';

/**
 * The index of a model's graph.
 *
 * @param operation who asks, for the message
 * @throws {ModelFormatError} for a model without a graph
 */
export function indexOf({ graph }: Model, operation: string): GraphIndex {
  if (graph !== undefined) return graphIndex(graph);
  throw new ModelFormatError({ operation, expected: 'a model with a graph', received: 'a model without one' });
}

/** What every node reads, values captured by the graphs inside it included. */
export function nodeReads(index: GraphIndex): ReadonlyMap<Node, readonly string[]> {
  const reads = new Map<Node, string[]>(index.nodes.map((node) => [node, []]));
  const values = [
    ...index.graph.input.map((input) => input.name),
    ...index.graph.initializer.map((tensor) => tensor.name),
    ...index.nodes.flatMap((node) => node.output),
  ];
  for (const name of new Set(values)) {
    if (name === '') continue;
    for (const owner of new Set(index.consumers(name).map((use) => use.owner))) reads.get(owner)?.push(name);
  }
  return reads;
}

/** Nodes that have to run for `wanted`, in topological order, when the values in `known` are there already. */
export function nodesFor(
  wanted: readonly string[],
  known: (name: string) => boolean,
  index: GraphIndex,
  reads: ReadonlyMap<Node, readonly string[]>,
): readonly Node[] {
  const found = new Set<Node>();
  const open = [...wanted];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (known(name)) continue;
    const producer = index.producer(name);
    if (producer === undefined || found.has(producer)) continue;
    found.add(producer);
    open.push(...(reads.get(producer) ?? []));
  }
  return index.nodes.filter((node) => found.has(node));
}
