import { ModelFormatError } from '@bitwright/core';
import type { Node } from '../message/types';
import { bodyGraphs, capturedUses, nodeLabel } from './body-graphs';

/** Names a node needs before it can run: its inputs and what its body graphs capture. */
export const neededNames = (node: Node): readonly string[] =>
  bodyGraphs(node).length === 0 ? node.input : [...node.input, ...capturedUses(node).map((use) => use.name)];

const describeCycle = (path: readonly Node[], start: Node): string => {
  const cycle = path.slice(path.indexOf(start)).map((node) => `"${nodeLabel(node)}"`);
  const shown = cycle.length > 8 ? [...cycle.slice(0, 7), `… ${cycle.length - 7} more`] : cycle;
  return `a cycle through ${shown.join(' -> ')} -> "${nodeLabel(start)}"`;
};

/**
 * The nodes in an order in which every value is produced before it is read.
 *
 * Stable: nodes keep their given order except that a producer listed after its consumer moves right before it.
 * Values without a producer among `nodes` (inputs, initializers, outer scope) impose no order.
 *
 * @throws {ModelFormatError} when nodes depend on each other in a circle; the message names them
 */
export const topologicalOrder = (nodes: Iterable<Node>): Node[] => {
  const list = [...nodes];
  const producers = new Map<string, Node>();
  for (const node of list) for (const name of node.output) if (name !== '') producers.set(name, node);
  const order: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  for (const root of list) {
    if (state.has(root)) continue;
    const stack: { node: Node; needs: readonly string[]; next: number }[] = [
      { node: root, needs: neededNames(root), next: 0 },
    ];
    state.set(root, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.needs[top.next];
      if (name === undefined) {
        state.set(top.node, 'done');
        order.push(top.node);
        stack.pop();
        continue;
      }
      top.next += 1;
      const producer = producers.get(name);
      if (producer === undefined || state.get(producer) === 'done') continue;
      if (state.get(producer) === 'open') {
        throw new ModelFormatError({
          operation: '[onnx] topologicalOrder',
          expected: 'a graph without cycles',
          received: describeCycle(
            stack.map((entry) => entry.node),
            producer,
          ),
        });
      }
      state.set(producer, 'open');
      stack.push({ node: producer, needs: neededNames(producer), next: 0 });
    }
  }
  return order;
};
