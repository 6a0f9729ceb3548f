import { InvalidArgumentError, UnsupportedOperatorError } from '@bitwright/core';
import { irVersionForOpset, operatorProblem } from '../check/operator-versions';
import { bodyGraphs, nodeLabel, walkGraphs } from '../graph/body-graphs';
import { opsetVersion } from '../graph/opset-version';
import type { Node } from '../message/types';
import { inferModel } from '../shape/infer-graph';
import { overriddenInputs } from '../shape/infer-shapes';
import { editingPass, type GraphPass, isStandard, type PassOptions } from './graph-pass';
import { rewriteAt } from './opset/rewrites';

/** Options of `convertOpset`. */
export interface ConvertOpsetOptions extends PassOptions {
  /** Opset to reach, 13 to 21. Default 13, the first one with per-axis quantizers. */
  readonly target?: number | undefined;
}

const oldestSource = 7;
const defaultTarget = 13;
const newestTarget = 21;

const unsupported = (node: Node, label: string, opset: number, reason: string): UnsupportedOperatorError =>
  new UnsupportedOperatorError({
    operation: '[onnx] convertOpset',
    expected: `${node.opType} "${label}" to have the same meaning at opset ${opset}`,
    received: `a node that cannot be converted: ${reason}`,
    hint: 'Export the model again with a newer opset.',
  });

/** Nodes inside body graphs are only accepted when they need no rewrite. */
const requireUnchangedBodies = (node: Node, from: number, target: number): void => {
  for (const body of bodyGraphs(node)) {
    for (const visit of walkGraphs(body.graph, `${nodeLabel(node)}/${body.attribute}`)) {
      for (const inner of visit.graph.node) {
        for (let opset = from + 1; opset <= target; opset += 1) {
          if (!isStandard(inner) || rewriteAt(inner.opType, opset) === undefined) continue;
          throw unsupported(
            inner,
            `${visit.scope}/${nodeLabel(inner)}`,
            opset,
            'it is inside a body graph and would have to change',
          );
        }
      }
    }
  }
};

/**
 * Raises the ai.onnx operator set of a model (from opset 7 or newer) without changing what it computes: attributes that
 * became inputs are moved, Softmax keeps its old flattening meaning, Upsample becomes Resize, and so on, one opset after
 * the other. The IR version is raised with it where needed. A model at or above the target is returned as it is.
 *
 * @throws {InvalidArgumentError} for a target outside 13 to 21
 * @throws {UnsupportedOperatorError} for a node that has no equivalent (named, with the reason), a node inside a body graph
 *   that would have to change, an operator that ai.onnx does not have, and models below opset 7
 */
export const convertOpset: GraphPass<ConvertOpsetOptions> = editingPass(
  'convertOpset',
  ({ model, edit, options, note }) => {
    const { target = defaultTarget } = options;
    if (!Number.isInteger(target) || target < defaultTarget || target > newestTarget) {
      throw new InvalidArgumentError({
        operation: '[onnx] convertOpset',
        expected: `a target opset from ${defaultTarget} to ${newestTarget}`,
        received: `${target}`,
      });
    }
    const from = opsetVersion(model);
    if (from >= target) return;
    if (from < oldestSource) {
      throw new UnsupportedOperatorError({
        operation: '[onnx] convertOpset',
        expected: `a model of opset ${oldestSource} or newer`,
        received: `opset ${from}`,
        hint: 'Export the model again with a newer opset.',
      });
    }
    const start = { inputTypes: overriddenInputs(model, {}), useDeclared: true, readExternal: options.readExternal };
    const inference = inferModel(model, start);
    for (const node of edit.nodes()) {
      const problem = isStandard(node) ? operatorProblem(node.opType, from) : undefined;
      if (problem !== undefined) throw unsupported(node, nodeLabel(node), from, problem);
      requireUnchangedBodies(node, from, target);
    }
    for (let opset = from + 1; opset <= target; opset += 1) {
      for (const node of edit.nodes()) {
        const rewrite = isStandard(node) ? rewriteAt(node.opType, opset) : undefined;
        if (rewrite === undefined) continue;
        const { opType } = node;
        const label = nodeLabel(node);
        const reason = rewrite({ edit, node, inference, from: opset - 1 });
        if (reason !== undefined) throw unsupported(node, label, opset, reason);
        note(`${opType} "${label}" rewritten for opset ${opset}`);
      }
      edit.setOpset('', opset);
    }
    const ir = BigInt(irVersionForOpset(target));
    if (edit.model.irVersion < ir) edit.model.irVersion = ir;
    note(`raised ai.onnx from opset ${from} to ${target}`);
  },
);
