import type { QuantizationSpec, Target } from '@bitwright/core';
import {
  editGraph,
  eliminateDeadCode,
  type GraphEditor,
  type Model,
  type Node,
  nameNodes,
  opsetVersion,
} from '@bitwright/onnx';
import { writeQdq } from '../onnx-qdq/write-qdq';
import { movesCodes, operatorForms } from './operator-forms';
import { dequantizedFrom, type QuantizedResult, quantizedInto, sameParameters } from './quantized-value';

/** A model on integer operators, and what stayed float. */
export interface QOperatorResult {
  readonly model: Model;
  /** Nodes between quantizers that have no integer operator: they still compute in float. */
  readonly float: readonly string[];
}

/**
 * Replaces each float operator between quantizers by the integer operator that computes it: QLinearConv, QLinearMatMul, and of
 * onnxruntime's own domain QGemm, QLinearAdd, QLinearConcat … What a QDQ file leaves to the optimizer stands in the file itself,
 * so that runtimes without that optimization run integers too.
 *
 * Numbers are those onnxruntime computes from the QDQ model after fusing. Float biases are rounded to int32.
 */
export function qdqToQOperator(source: Model): QOperatorResult {
  const edit = editGraph(nameNodes.run(source).model);
  const opset = opsetVersion(source);
  const float: string[] = [];
  let usesMicrosoft = false;
  for (const node of edit.nodes()) {
    if (!edit.has(node) || node.opType === 'QuantizeLinear' || node.opType === 'DequantizeLinear') continue;
    if (node.input.every((name) => dequantizedFrom(name, edit) === undefined)) continue;
    if (movesCodes(node) ? moveCodes(node, edit) : replaced(node, edit, opset)) {
      usesMicrosoft = true;
    } else {
      float.push(node.name);
    }
  }
  if (usesMicrosoft) edit.setOpset('com.microsoft', 1);
  return { model: eliminateDeadCode.run(edit.finish()).model, float };
}

/** Writes a spec with integer operators: `writeQdq`, then `qdqToQOperator`. */
export function writeQOperator(model: Model, spec: QuantizationSpec, target: Target): QOperatorResult {
  return qdqToQOperator(writeQdq(model, spec, target));
}

function replaced(node: Node, edit: GraphEditor, opset: number): boolean {
  const [output = ''] = node.output;
  const result = quantizedInto(output, edit);
  const form = operatorForms[node.opType]?.({ node, edit, opset, result });
  if (form === undefined) return false;
  const { name } = node;
  edit.removeNode(node);
  removeChain(result, edit);
  edit.addNode({ ...form, name, outputs: [result?.codes ?? output] });
  return true;
}

/** Lets a node that only moves values move codes: input and outputs have the same parameters. */
function moveCodes(node: Node, edit: GraphEditor): boolean {
  const input = dequantizedFrom(node.input[0], edit);
  if (input === undefined) return false;
  const outputs = node.output.filter((name) => name !== '');
  const results = outputs.map((name) => quantizedInto(name, edit));
  const fits = results.every((result) => result?.chain.length === 1 && sameParameters(input, result, edit));
  if (!fits) return false;
  const codes = results.map((result) => result?.codes ?? '');
  const { opType, name, domain, attribute } = node;
  const inputs = [input.codes, ...node.input.slice(1)];
  edit.removeNode(node);
  for (const result of results) removeChain(result, edit);
  edit.addNode({ opType, name, domain, attributes: attribute, inputs, outputs: codes });
  return true;
}

function removeChain(result: QuantizedResult | undefined, edit: GraphEditor): void {
  for (const node of result?.chain ?? []) edit.removeNode(node);
}
