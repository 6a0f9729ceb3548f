import { ModelFormatError } from '@bitwright/core';
import type { Graph, Node, SparseTensor, Tensor, ValueInfo } from '../message/types';
import { capturedUses, nodeLabel } from './body-graphs';
import { topologicalOrder } from './topological-order';

/** One place that reads a value. */
export interface ValueUse {
  /** The reading node. For a captured value this node sits inside a body graph of `owner`. */
  readonly node: Node;
  /** Position in `node.input`; -1 when a body graph of `owner` (= `node`) lists the value as its output. */
  readonly input: number;
  /** The node of the indexed graph: `node` itself, or the If/Loop/Scan whose body reads the value. */
  readonly owner: Node;
  /** `''` for a direct use, else the path of the body graph, e.g. `if_1/then_branch`. */
  readonly scope: string;
}

/** Read-only view of who produces and who reads each value of one graph. */
export interface GraphIndex {
  readonly graph: Graph;
  /** Nodes, every producer before its consumers; otherwise in the graph's own order. */
  readonly nodes: readonly Node[];
  /** Graph inputs that are not initializers: what a caller must feed. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Node that writes `name`; undefined for inputs, initializers and unknown names. */
  producer(name: string): Node | undefined;
  /** Every place that reads `name`, including places inside body graphs; graph outputs are told by `isOutput`. */
  consumers(name: string): readonly ValueUse[];
  initializer(name: string): Tensor | undefined;
  sparseInitializer(name: string): SparseTensor | undefined;
  /** Whether `name` must be fed by the caller. */
  isInput(name: string): boolean;
  isOutput(name: string): boolean;
  /** Declared type of a value: graph input, output or value_info. */
  valueInfo(name: string): ValueInfo | undefined;
}

const noUses: readonly ValueUse[] = Object.freeze([]);

/** Every place of `node`, and inside its body graphs, that reads a value of the graph around it, with the value's name. */
export const usesOf = (node: Node): [name: string, use: ValueUse][] => {
  const found: [string, ValueUse][] = [];
  node.input.forEach((name, input) => {
    if (name !== '') found.push([name, { node, input, owner: node, scope: '' }]);
  });
  for (const captured of capturedUses(node)) {
    const inner = captured.node;
    found.push([
      captured.name,
      inner === undefined
        ? { node, input: -1, owner: node, scope: captured.scope }
        : { node: inner, input: captured.position, owner: node, scope: captured.scope },
    ]);
  }
  return found;
};

/**
 * Indexes one graph: producers, consumers, initializers, inputs and outputs. Cost O(nodes + edges).
 *
 * The index is a snapshot: it does not follow later changes of the graph. Use `editGraph` to change a model.
 *
 * @throws {ModelFormatError} when two nodes produce the same value or the nodes form a cycle
 */
export const graphIndex = (graph: Graph): GraphIndex => {
  const producers = new Map<string, Node>();
  const consumers = new Map<string, ValueUse[]>();
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === '') continue;
      const other = producers.get(name);
      if (other !== undefined) {
        throw new ModelFormatError({
          operation: '[onnx] graphIndex',
          expected: `value "${name}" to be produced once`,
          received: `two producers, nodes "${nodeLabel(other)}" and "${nodeLabel(node)}"`,
        });
      }
      producers.set(name, node);
    }
    for (const [name, use] of usesOf(node)) {
      const uses = consumers.get(name);
      if (uses === undefined) consumers.set(name, [use]);
      else uses.push(use);
    }
  }
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const sparse = new Map(graph.sparseInitializer.map((tensor) => [tensor.values?.name ?? '', tensor]));
  const inputs = graph.input.filter((input) => !initializers.has(input.name) && !sparse.has(input.name));
  const inputNames = new Set(inputs.map((input) => input.name));
  const outputNames = new Set(graph.output.map((output) => output.name));
  const infos = new Map([...graph.valueInfo, ...graph.output, ...graph.input].map((info) => [info.name, info]));
  const nodes = topologicalOrder(graph.node);
  return Object.freeze({
    graph,
    nodes,
    inputs,
    outputs: graph.output,
    producer: (name: string) => producers.get(name),
    consumers: (name: string) => consumers.get(name) ?? noUses,
    initializer: (name: string) => initializers.get(name),
    sparseInitializer: (name: string) => sparse.get(name),
    isInput: (name: string) => inputNames.has(name),
    isOutput: (name: string) => outputNames.has(name),
    valueInfo: (name: string) => infos.get(name),
  });
};
