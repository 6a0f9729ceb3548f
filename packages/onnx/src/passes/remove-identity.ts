import { getInt } from '../attribute/read-attribute';
import { nodeLabel } from '../graph/body-graphs';
import type { GraphEditor } from '../graph/editor-types';
import type { Node } from '../message/types';
import { tensorToArray } from '../tensor/tensor-to-array';
import { editingPass, type GraphPass, isStandard } from './graph-pass';

/** Dropout passes its input through unless it trains: by `is_test` before opset 7, by input 2 from opset 12 on. */
const isInferenceDropout = (node: Node, edit: GraphEditor): boolean => {
  const opset = edit.opset() ?? 1;
  if (opset < 7) return getInt(node, 'is_test', 0) !== 0;
  const training = node.input[2] ?? '';
  if (opset < 12 || training === '') return true;
  const constant = edit.constant(training);
  return constant !== undefined && Number(tensorToArray(constant)[0] ?? 1) === 0;
};

/** Removes Identity, and Dropout that runs in inference mode and whose mask nobody reads. Exact. */
export const removeIdentity: GraphPass = editingPass('removeIdentity', ({ edit, note }) => {
  for (const node of edit.nodes()) {
    if (!isStandard(node)) continue;
    const isIdentity = node.opType === 'Identity' || (node.opType === 'Dropout' && isInferenceDropout(node, edit));
    if (isIdentity && edit.bypass(node)) note(`removed ${node.opType} "${nodeLabel(node)}"`);
  }
});
