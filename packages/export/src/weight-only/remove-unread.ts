import { bodyGraphs, type Graph, type Model, type Node } from '@bitwright/onnx';
import type { Weight } from './find-weights';
import { isMatrixTranspose } from './graph-scopes';

/**
 * Removes the tensors of these weights, and the Transpose and Identity nodes behind them, where nobody reads them any more. Changes
 * the model.
 */
export function removeUnread(model: Model, weights: readonly Weight[]): void {
  if (model.graph === undefined) return;
  const names = new Set(weights.flatMap((weight) => weight.copies.map((copy) => copy.constant.name)));
  removeIn(model.graph, names);
}

// — internals —

function removeIn(graph: Graph, names: ReadonlySet<string>): void {
  for (const node of graph.node) for (const body of bodyGraphs(node)) removeIn(body.graph, names);
  const derived = new Set(names);
  const candidates: Node[] = [];
  for (const node of graph.node) {
    const [output = ''] = node.output;
    const isCopy = node.opType === 'Identity' || isMatrixTranspose(node);
    const isDerived = isCopy && derived.has(node.input[0] ?? '');
    if (isDerived) derived.add(output);
    if (isDerived || (node.opType === 'Constant' && names.has(output))) candidates.push(node);
  }
  // Last readers first, so that a chain goes in one sweep.
  const gone = new Set<Node>();
  for (const node of candidates.reverse()) {
    if (!readNames(graph, gone).has(node.output[0] ?? '')) gone.add(node);
  }
  if (gone.size > 0) {
    const outputs = new Set([...gone].flatMap((node) => node.output));
    graph.node = graph.node.filter((node) => !gone.has(node));
    graph.valueInfo = graph.valueInfo.filter((info) => !outputs.has(info.name));
  }
  const read = readNames(graph, gone);
  const inputs = new Set(graph.input.map((input) => input.name));
  graph.initializer = graph.initializer.filter(({ name }) => !names.has(name) || read.has(name) || inputs.has(name));
}

/** Names read in a graph and the graphs inside it, by nodes other than those `without`. */
function readNames(graph: Graph, without: ReadonlySet<Node>, into: Set<string> = new Set()): Set<string> {
  for (const node of graph.node) {
    if (without.has(node)) continue;
    for (const name of node.input) into.add(name);
    for (const body of bodyGraphs(node)) readNames(body.graph, without, into);
  }
  for (const output of graph.output) into.add(output.name);
  return into;
}
