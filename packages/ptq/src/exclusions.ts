import { InvalidArgumentError } from '@bitwright/core';
import type { Node } from '@bitwright/onnx';
import picomatch from 'picomatch';

/**
 * Predicate for nodes that must stay float. A pattern is a glob over node names (`layer4/**`), or over operator types with the
 * prefix `op:` (`op:Softmax`).
 *
 * @throws {InvalidArgumentError} when a pattern matches no node, with names that come close
 */
export function exclusionFilter(patterns: readonly string[], nodes: readonly Node[]): (node: Node) => boolean {
  const tests = patterns.map((pattern) => {
    const isOperator = pattern.startsWith('op:');
    const matches = nameMatcher(isOperator ? pattern.slice(3) : pattern);
    const test = (node: Node): boolean => matches(isOperator ? node.opType : node.name);
    if (!nodes.some(test)) {
      const known = isOperator ? [...new Set(nodes.map((node) => node.opType))] : nodes.map((node) => node.name);
      throw new InvalidArgumentError({
        operation: '[ptq] exclude',
        expected: `a pattern that matches a node (for example ${known.slice(0, 5).join(', ')})`,
        received: JSON.stringify(pattern),
      });
    }
    return test;
  });
  return (node) => tests.some((test) => test(node));
}

/** Predicate of a glob over node names. */
export function nameMatcher(pattern: string): (name: string) => boolean {
  return picomatch(pattern, { dot: true, bash: true });
}
