import { getInt, getInts } from '../attribute/read-attribute';
import { nodeLabel } from '../graph/body-graphs';
import type { GraphEditor } from '../graph/editor-types';
import { opsetVersion } from '../graph/opset-version';
import type { Node } from '../message/types';
import type { Dim } from '../shape/dim';
import { createContext, type Inference, inferModel } from '../shape/infer-graph';
import { overriddenInputs } from '../shape/infer-shapes';
import { slicesOf } from '../shape/rules/selection';
import { tensorToArray } from '../tensor/tensor-to-array';
import { editingPass, type GraphPass, isStandard } from './graph-pass';

const areSame = (a: readonly Dim[] | undefined, b: readonly Dim[] | undefined): boolean =>
  a !== undefined && a.length === b?.length && a.every((dim, i) => dim !== undefined && dim === b[i]);

/** Operators that keep elements and order: with equal shapes on both sides they do nothing. */
const orderKeeping: ReadonlySet<string> = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Expand']);

const isNoOp = (node: Node, edit: GraphEditor, inference: Inference, opset: number): boolean => {
  const input = inference.types.get(node.input[0] ?? '');
  const output = inference.types.get(node.output[0] ?? '');
  const isSameShape = areSame(input?.dims, output?.dims);
  if (orderKeeping.has(node.opType)) return isSameShape;
  switch (node.opType) {
    case 'Cast':
      return input !== undefined && input.dataType !== 0 && getInt(node, 'to', 0) === input.dataType;
    case 'Concat':
      return node.input.length === 1;
    case 'Transpose':
      return getInts(node, 'perm', [-1]).every((axis, i) => axis === i);
    case 'Slice': {
      const context = createContext(node, opset, inference, () => []);
      const slices = slicesOf(context, input?.dims?.length ?? 0);
      return isSameShape && (slices?.every(({ step }) => step === 1) ?? false);
    }
    case 'Pad': {
      const amounts = edit.constant(node.input[1] ?? '');
      const pads =
        amounts === undefined
          ? getInts(node, 'pads')
          : Array.from(tensorToArray(amounts) as ArrayLike<number | bigint>, Number);
      return pads?.every((pad) => pad === 0) ?? false;
    }
    default:
      return false;
  }
};

/**
 * Removes operators that provably do nothing: Reshape, Flatten, Squeeze, Unsqueeze, Expand and Slice between equal shapes
 * (named sizes included), Cast to the same type, Transpose in order, Concat of one input, Pad by nothing. Exact.
 */
export const removeNoOps: GraphPass = editingPass('removeNoOps', ({ model, edit, options, note }) => {
  const inference = inferModel(model, {
    inputTypes: overriddenInputs(model, {}),
    useDeclared: true,
    readExternal: options.readExternal,
  });
  const opset = opsetVersion(model) || 1;
  for (const node of edit.nodes()) {
    if (!isStandard(node) || !isNoOp(node, edit, inference, opset)) continue;
    if (edit.bypass(node)) note(`removed ${node.opType} "${nodeLabel(node)}", which does nothing`);
  }
});
