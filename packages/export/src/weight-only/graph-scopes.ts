import {
  bodyGraphs,
  findAttribute,
  type Graph,
  getFloat,
  getInts,
  getTensor,
  type Node,
  type NodeOptions,
  nodeLabel,
  type Tensor,
} from '@bitwright/onnx';

/** A graph and the graphs around it: names resolve from the inside out. */
export interface GraphScope {
  readonly graph: Graph;
  readonly parent: GraphScope | undefined;
  /** `''` for the main graph, else where the graph is: `if_1/then_branch`. */
  readonly path: string;
  /** Tensors that cannot change: initializers that are not inputs, and Constant nodes. */
  readonly constants: ReadonlyMap<string, Constant>;
  readonly producers: ReadonlyMap<string, Node>;
  readonly defined: ReadonlySet<string>;
  /** Who reads a value of this graph, here or in a graph inside. */
  readonly readers: ReadonlyMap<string, readonly Reader[]>;
}

export interface Constant {
  readonly name: string;
  readonly tensor: Tensor;
  readonly scope: GraphScope;
}

/** A place that reads a value: a node input, or an output of the graph (`node` undefined). */
export interface Reader {
  readonly scope: GraphScope;
  readonly node: Node | undefined;
  readonly input: number;
}

interface OpenScope extends GraphScope {
  readonly constants: Map<string, Constant>;
  readonly readers: Map<string, Reader[]>;
}

/** Every graph of a model, outermost first, with its constants and readers. */
export function graphScopes(main: Graph): readonly GraphScope[] {
  const scopes: OpenScope[] = [];
  openScopes(main, undefined, '', scopes);
  for (const scope of scopes) {
    for (const node of scope.graph.node) {
      node.input.forEach((name, input) => {
        addReader(scope, name, { scope, node, input });
      });
    }
    scope.graph.output.forEach((output, input) => {
      addReader(scope, output.name, { scope, node: undefined, input });
    });
  }
  return scopes;
}

/** The scope that defines a name as seen from `scope`. */
export function definingScope(scope: GraphScope, name: string): GraphScope | undefined {
  for (let at: GraphScope | undefined = scope; at !== undefined; at = at.parent) if (at.defined.has(name)) return at;
  return undefined;
}

/** The constant a name stands for as seen from `scope`. */
export function constantAt(scope: GraphScope, name: string | undefined): Constant | undefined {
  return name === undefined || name === '' ? undefined : definingScope(scope, name)?.constants.get(name);
}

/** `path/of/graph: node`, for messages. */
export function placeOf(scope: GraphScope, node: Node): string {
  return scope.path === '' ? nodeLabel(node) : `${scope.path}: ${nodeLabel(node)}`;
}

/** Swaps the two axes of a matrix. */
export function isMatrixTranspose(node: Node): boolean {
  if (node.opType !== 'Transpose' || node.domain !== '') return false;
  const perm = getInts(node, 'perm');
  return perm === undefined || (perm.length === 2 && perm[0] === 1 && perm[1] === 0);
}

/** Numeric attribute with its default. */
export function floatAttributeOr(node: Node, name: string, fallback: number): number {
  return findAttribute(node, name) === undefined ? fallback : (getFloat(node, name) ?? fallback);
}

/** Names that no graph of the model uses yet. */
export interface NameAllocator {
  value(hint: string): string;
  node(hint: string): string;
}

export function nameAllocator(scopes: readonly GraphScope[]): NameAllocator {
  const values = new Set<string>();
  const nodes = new Set<string>();
  for (const { graph, defined } of scopes) {
    for (const name of defined) values.add(name);
    for (const node of graph.node) {
      nodes.add(node.name);
      for (const name of node.input) values.add(name);
    }
    for (const output of graph.output) values.add(output.name);
  }
  const next = new Map<string, number>();
  const allocate = (taken: Set<string>, hint: string): string => {
    let name = hint;
    for (let i = next.get(hint) ?? 1; name === '' || taken.has(name); i++) {
      name = `${hint}_${i}`;
      next.set(hint, i + 1);
    }
    taken.add(name);
    return name;
  };
  return { value: (hint) => allocate(values, hint), node: (hint) => allocate(nodes, hint) };
}

/** Nodes to be made; names are given by the writer. */
export type NewNode = Omit<NodeOptions, 'name'>;

// — internals —

function openScopes(graph: Graph, parent: GraphScope | undefined, path: string, scopes: OpenScope[]): void {
  const inputs = new Set(graph.input.map((input) => input.name));
  const constants = new Map<string, Constant>();
  const producers = new Map<string, Node>();
  const defined = new Set<string>(inputs);
  const scope: OpenScope = { graph, parent, path, constants, producers, defined, readers: new Map() };
  for (const tensor of graph.initializer) {
    defined.add(tensor.name);
    if (!inputs.has(tensor.name)) constants.set(tensor.name, { name: tensor.name, tensor, scope });
  }
  for (const sparse of graph.sparseInitializer) defined.add(sparse.values?.name ?? '');
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === '') continue;
      defined.add(name);
      producers.set(name, node);
    }
    const tensor = node.opType === 'Constant' ? getTensor(node, 'value') : undefined;
    const name = node.output[0];
    if (tensor !== undefined && name !== undefined) constants.set(name, { name, tensor, scope });
  }
  scopes.push(scope);
  for (const node of graph.node) {
    for (const body of bodyGraphs(node)) {
      const at = `${nodeLabel(node)}/${body.attribute}`;
      openScopes(body.graph, scope, path === '' ? at : `${path}/${at}`, scopes);
    }
  }
}

function addReader(from: GraphScope, name: string, reader: Reader): void {
  if (name === '') return;
  const scope = definingScope(from, name) as OpenScope | undefined;
  if (scope === undefined) return;
  const known = scope.readers.get(name);
  if (known === undefined) scope.readers.set(name, [reader]);
  else known.push(reader);
}
