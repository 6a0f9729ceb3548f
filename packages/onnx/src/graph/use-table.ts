import type { Graph, Node } from '../message/types';
import { capturedUses } from './body-graphs';
import type { ValueUse } from './graph-index';

/** A use the editor can redirect: `graph` is set when the place is an output of that body graph. */
export interface EditableUse extends ValueUse {
  readonly bodyOutput: { readonly graph: Graph; readonly position: number } | undefined;
}

/** Who reads which value, kept in step with edits. */
export interface UseTable {
  of(name: string): readonly EditableUse[];
  addNode(node: Node): void;
  removeNode(node: Node): void;
  /** Forget and record again what a node reads, after its inputs changed. */
  refresh(node: Node): void;
  /** Names read by at least one place. */
  names(): IterableIterator<string>;
}

const editableUses = (node: Node): [string, EditableUse][] => {
  const found: [string, EditableUse][] = [];
  node.input.forEach((name, input) => {
    if (name !== '') found.push([name, { node, input, owner: node, scope: '', bodyOutput: undefined }]);
  });
  for (const { name, graph, node: inner, position, scope } of capturedUses(node)) {
    const use: EditableUse =
      inner === undefined
        ? { node, input: -1, owner: node, scope, bodyOutput: { graph, position } }
        : { node: inner, input: position, owner: node, scope, bodyOutput: undefined };
    found.push([name, use]);
  }
  return found;
};

/** An empty table. Each operation costs O(uses of the node or name it touches). */
export const createUseTable = (): UseTable => {
  const byName = new Map<string, Set<EditableUse>>();
  const byNode = new Map<Node, [string, EditableUse][]>();
  const addNode = (node: Node): void => {
    const uses = editableUses(node);
    byNode.set(node, uses);
    for (const [name, use] of uses) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, new Set([use]));
      else known.add(use);
    }
  };
  const removeNode = (node: Node): void => {
    for (const [name, use] of byNode.get(node) ?? []) {
      const known = byName.get(name);
      known?.delete(use);
      if (known?.size === 0) byName.delete(name);
    }
    byNode.delete(node);
  };
  return {
    of: (name) => [...(byName.get(name) ?? [])],
    addNode,
    removeNode,
    refresh: (node) => {
      removeNode(node);
      addNode(node);
    },
    names: () => byName.keys(),
  };
};
