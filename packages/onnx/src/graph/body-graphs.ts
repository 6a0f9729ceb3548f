import type { Graph, Node } from '../message/types';

/** A graph held by an attribute of a node: a branch of If, the body of Loop or Scan. */
export interface BodyGraph {
  readonly graph: Graph;
  /** Attribute that holds it, with an index when the attribute holds several: `then_branch`, `graphs[1]`. */
  readonly attribute: string;
}

/** The graphs a node holds, in attribute order. */
export const bodyGraphs = (node: Node): readonly BodyGraph[] => {
  const found: BodyGraph[] = [];
  for (const attribute of node.attribute) {
    if (attribute.g !== undefined) found.push({ graph: attribute.g, attribute: attribute.name });
    attribute.graphs.forEach((graph, i) => {
      found.push({ graph, attribute: `${attribute.name}[${i}]` });
    });
  }
  return found;
};

/** Label of a node for paths and messages: its name, or operator and first output when it has none. */
export const nodeLabel = (node: Node): string =>
  node.name !== '' ? node.name : `${node.opType}->${node.output.find((name) => name !== '') ?? '?'}`;

/** One graph met on a walk. */
export interface GraphVisit {
  readonly graph: Graph;
  /** `''` for the main graph, else node labels and attributes from the outside in: `if_1/then_branch/loop_2/body`. */
  readonly scope: string;
  /** The node that holds the graph; undefined for the main graph. */
  readonly owner: Node | undefined;
}

/** Visits a graph and, depth first, every graph inside its nodes. */
export function* walkGraphs(graph: Graph, scope = '', owner?: Node): Generator<GraphVisit> {
  yield { graph, scope, owner };
  for (const node of graph.node) {
    for (const body of bodyGraphs(node)) {
      const path = `${nodeLabel(node)}/${body.attribute}`;
      yield* walkGraphs(body.graph, scope === '' ? path : `${scope}/${path}`, node);
    }
  }
}

/** A place inside a body graph that reads a value of an enclosing graph. */
export interface CapturedUse {
  readonly name: string;
  /** The graph that holds the place. */
  readonly graph: Graph;
  /** The reading node; undefined when the body graph lists the outer value as its own output. */
  readonly node: Node | undefined;
  /** Position in `node.input`, or in `graph.output` when `node` is undefined. */
  readonly position: number;
  readonly scope: string;
}

/** Names a graph defines itself: inputs, initializers and node outputs. */
export const definedNames = (graph: Graph): Set<string> => {
  const names = new Set<string>();
  for (const input of graph.input) names.add(input.name);
  for (const tensor of graph.initializer) names.add(tensor.name);
  for (const sparse of graph.sparseInitializer) names.add(sparse.values?.name ?? '');
  for (const node of graph.node) for (const name of node.output) names.add(name);
  names.delete('');
  return names;
};

/** Every place inside the graphs of `node` that reads a value those graphs do not define. */
export const capturedUses = (node: Node): readonly CapturedUse[] => {
  const found: CapturedUse[] = [];
  const visit = (graph: Graph, scope: string, outer: readonly ReadonlySet<string>[]): void => {
    const scopes = [...outer, definedNames(graph)];
    const isLocal = (name: string): boolean => scopes.some((names) => names.has(name));
    for (const inner of graph.node) {
      inner.input.forEach((name, position) => {
        if (name !== '' && !isLocal(name)) found.push({ name, graph, node: inner, position, scope });
      });
      for (const body of bodyGraphs(inner)) visit(body.graph, `${scope}/${nodeLabel(inner)}/${body.attribute}`, scopes);
    }
    graph.output.forEach((output, position) => {
      if (output.name !== '' && !isLocal(output.name)) {
        found.push({ name: output.name, graph, node: undefined, position, scope });
      }
    });
  };
  for (const body of bodyGraphs(node)) visit(body.graph, `${nodeLabel(node)}/${body.attribute}`, []);
  return found;
};
