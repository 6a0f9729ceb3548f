import { intAttribute } from '../attribute/build-attribute';
import { getInt, getInts } from '../attribute/read-attribute';
import { nodeLabel } from '../graph/body-graphs';
import { inferModel } from '../shape/infer-graph';
import { overriddenInputs } from '../shape/infer-shapes';
import { isExternal } from '../tensor/tensor-payload';
import { tensorToArray } from '../tensor/tensor-to-array';
import { editingPass, type GraphPass, isStandard } from './graph-pass';

/**
 * Rewrites ReduceMean over all spatial axes of an [N, C, H, W] (or [N, C, D, H, W]) value as GlobalAveragePool, which
 * runtimes have an integer kernel for: with keepdims alone, without keepdims followed by Flatten. Same formula; sums may
 * round in another order. Needs the rank of the input from shape inference; at rank 3 the last axis is as likely a
 * feature axis (RMSNorm), so it is left alone.
 */
export const reduceMeanToGlobalAveragePool: GraphPass = editingPass(
  'reduceMeanToGlobalAveragePool',
  ({ model, edit, options, note }) => {
    if (!edit.nodes().some((node) => node.opType === 'ReduceMean')) return;
    const { types } = inferModel(model, {
      inputTypes: overriddenInputs(model, {}),
      useDeclared: true,
      readExternal: options.readExternal,
    });
    for (const node of edit.nodes()) {
      if (node.opType !== 'ReduceMean' || !isStandard(node)) continue;
      const [input = '', axesName = ''] = node.input;
      const [output = ''] = node.output;
      const rank = types.get(input)?.dims?.length ?? 0;
      const tensor = edit.constant(axesName);
      const constant = tensor === undefined || isExternal(tensor) ? undefined : tensorToArray(tensor);
      const axes = getInts(node, 'axes') ?? (constant && Array.from(constant as ArrayLike<number | bigint>, Number));
      if (axes === undefined || rank < 4) continue;
      const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
      if (reduced.size !== rank - 2 || reduced.has(0) || reduced.has(1)) continue;
      const label = nodeLabel(node);
      if (getInt(node, 'keepdims', 1) !== 0) {
        edit.replaceNode(node, { opType: 'GlobalAveragePool', inputs: [input], outputs: [output] });
      } else {
        const pooled = edit.uniqueName(`${output}_pooled`);
        edit.replaceNode(
          node,
          { opType: 'GlobalAveragePool', inputs: [input], outputs: [pooled] },
          { opType: 'Flatten', inputs: [pooled], outputs: [output], attributes: [intAttribute('axis', 1)] },
        );
      }
      note(`ReduceMean "${label}" became GlobalAveragePool`);
    }
  },
);
