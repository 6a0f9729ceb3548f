import type { FloatNode } from '@bitwright/ptq';

/** Operators that stay in float for one reason. */
interface FloatGroup {
  readonly opType: string;
  readonly reason: string;
  readonly nodes: readonly string[];
}

/** Float nodes by operator and reason, largest group first. */
function groupFloatNodes(nodes: readonly FloatNode[]): readonly FloatGroup[] {
  const groups = new Map<string, { opType: string; reason: string; nodes: string[] }>();
  for (const { node, opType, reason } of nodes) {
    const key = `${opType}\0${reason}`;
    const group = groups.get(key) ?? { opType, reason, nodes: [] };
    groups.set(key, group);
    group.nodes.push(node);
  }
  return [...groups.values()].sort((a, b) => b.nodes.length - a.nodes.length);
}

/** `  Softmax (2): no integer kernel`, one line per group; the node's name where it is alone. */
export function formatFloatNodes(nodes: readonly FloatNode[]): string[] {
  return groupFloatNodes(nodes).map(({ opType, reason, nodes: names }) => {
    const which = names.length === 1 ? names[0] : `${names.length} nodes`;
    return `    ${opType} (${which}): ${reason}`;
  });
}
