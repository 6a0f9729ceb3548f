import type { PlanProblem } from '@bitwright/core';
import type { Node } from '@bitwright/onnx';
import { nodePlace } from '../../spec-tensors';

/** A node that TFLite cannot express: ends the lowering of that node only, so that all problems are found at once. */
export class NodeRefusal extends Error {
  readonly problem: PlanProblem;

  constructor(problem: PlanProblem) {
    super(`${problem.where}: expected ${problem.expected}, received ${problem.received}`);
    this.name = 'NodeRefusal';
    this.problem = problem;
  }
}

/** A refusal of a node. */
export function refuse(node: Node, expected: string, received: string, hint?: string): NodeRefusal {
  const where = `${nodePlace(node.name)} (${node.opType})`;
  return new NodeRefusal({ where, expected, received, ...(hint === undefined ? {} : { hint }) });
}
