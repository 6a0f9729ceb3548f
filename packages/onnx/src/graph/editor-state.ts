import { InvalidArgumentError, ModelFormatError } from '@bitwright/core';
import type { Graph, Model, Node, Tensor, ValueInfo } from '../message/types';
import { nodeLabel, walkGraphs } from './body-graphs';
import { copyMessage, copyModel } from './copy-structure';
import { createNameSource, type NameSource } from './name-source';
import { createUseTable, type EditableUse, type UseTable } from './use-table';

/** Everything the editor knows about the graph under edit, indexed by name. */
export interface EditorState {
  readonly model: Model;
  readonly graph: Graph;
  readonly nodes: Set<Node>;
  readonly producers: Map<string, Node>;
  readonly uses: UseTable;
  readonly initializers: Map<string, Tensor>;
  readonly sparse: Set<string>;
  inputs: Map<string, ValueInfo>;
  outputs: ValueInfo[];
  outputNames: Set<string>;
  readonly infos: Map<string, ValueInfo>;
  readonly valueNames: NameSource;
  readonly nodeNames: NameSource;
  /** Nodes in topological order; undefined after an edit until somebody asks. */
  order: readonly Node[] | undefined;
}

/** Error of an editor operation called with something impossible. */
export const editError = (action: string, expected: string, received: string): InvalidArgumentError =>
  new InvalidArgumentError({ operation: `[onnx] editGraph.${action}`, expected, received });

/** Copies the structure of a model and indexes it. */
export const createEditorState = (original: Model): EditorState => {
  const model = copyModel(original);
  const graph = model.graph;
  if (graph === undefined) {
    throw new ModelFormatError({ operation: '[onnx] editGraph', expected: 'a model with a graph', received: 'none' });
  }
  const state: EditorState = {
    model,
    graph,
    nodes: new Set(),
    producers: new Map(),
    uses: createUseTable(),
    initializers: new Map(graph.initializer.map((tensor) => [tensor.name, tensor])),
    sparse: new Set(graph.sparseInitializer.map((tensor) => tensor.values?.name ?? '')),
    inputs: new Map(graph.input.map((info) => [info.name, info])),
    outputs: [...graph.output],
    outputNames: new Set(graph.output.map((output) => output.name)),
    infos: new Map(graph.valueInfo.map((info) => [info.name, info])),
    valueNames: createNameSource(),
    nodeNames: createNameSource(),
    order: undefined,
  };
  takeNames(state, graph);
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === '') continue;
      const other = state.producers.get(name);
      if (other !== undefined) {
        throw new ModelFormatError({
          operation: '[onnx] editGraph',
          expected: `value "${name}" to be produced once`,
          received: `two producers, nodes "${nodeLabel(other)}" and "${nodeLabel(node)}"`,
        });
      }
      state.producers.set(name, node);
    }
    state.nodes.add(node);
    state.uses.addNode(node);
  }
  return state;
};

/** Reserves every value and node name of a graph and of the graphs inside it. */
export const takeNames = (state: EditorState, graph: Graph): void => {
  for (const visit of walkGraphs(graph)) {
    for (const info of [...visit.graph.input, ...visit.graph.output]) state.valueNames.take(info.name);
    for (const tensor of visit.graph.initializer) state.valueNames.take(tensor.name);
    for (const tensor of visit.graph.sparseInitializer) state.valueNames.take(tensor.values?.name ?? '');
    for (const node of visit.graph.node) {
      if (node.name !== '') state.nodeNames.take(node.name);
      for (const name of node.input) state.valueNames.take(name);
      for (const name of node.output) state.valueNames.take(name);
    }
  }
};

/** Whether something defines `name`: a node, an initializer or a graph input. */
export const isDefined = (state: EditorState, name: string): boolean =>
  state.producers.has(name) || state.initializers.has(name) || state.inputs.has(name) || state.sparse.has(name);

/** Copy of a value info under another name. */
export const renamedInfo = (info: ValueInfo, name: string): ValueInfo => {
  const copy = copyMessage(info);
  copy.name = name;
  return copy;
};

/** Copy of a tensor under another name; the payload is shared. */
export const renamedTensor = (tensor: Tensor, name: string): Tensor => {
  const copy = copyMessage(tensor);
  copy.name = name;
  return copy;
};

/** Lets the given places read `name` and brings the use table up to date, once per node. */
export const redirectUses = (state: EditorState, uses: readonly EditableUse[], name: string): void => {
  const owners = new Set<Node>();
  for (const use of uses) {
    if (use.bodyOutput !== undefined) {
      const { graph, position } = use.bodyOutput;
      const info = graph.output[position];
      if (info !== undefined) graph.output[position] = renamedInfo(info, name);
    } else {
      use.node.input[use.input] = name;
    }
    owners.add(use.owner);
  }
  for (const owner of owners) state.uses.refresh(owner);
  if (owners.size > 0) state.order = undefined;
};

/** Declares `node` the producer of `name`. */
export const claimOutput = (state: EditorState, node: Node, name: string, action: string): void => {
  if (name === '') return;
  if (isDefined(state, name)) {
    throw editError(action, `output "${name}" of node "${nodeLabel(node)}" to be a new value`, 'a name in use');
  }
  state.producers.set(name, node);
  state.valueNames.take(name);
};
