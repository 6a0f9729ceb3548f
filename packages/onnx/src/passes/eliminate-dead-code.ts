import { nodeLabel } from '../graph/body-graphs';
import { editingPass, type GraphPass } from './graph-pass';

/**
 * Removes nodes whose outputs nobody reads, and initializers nobody reads. Exact: ONNX operators have no side effects.
 * Graph inputs stay, used or not, and so does an initializer that is listed as a graph input.
 */
export const eliminateDeadCode: GraphPass = editingPass('eliminateDeadCode', ({ edit, note }) => {
  const isUsed = (name: string): boolean => edit.isOutput(name) || edit.consumers(name).length > 0;
  for (const node of [...edit.nodes()].reverse()) {
    if (node.output.some((name) => name !== '' && isUsed(name))) continue;
    edit.removeNode(node);
    note(`removed unused ${node.opType} "${nodeLabel(node)}"`);
  }
  const listed = new Set(edit.inputs().map((info) => info.name));
  for (const tensor of edit.initializers()) {
    if (isUsed(tensor.name) || listed.has(tensor.name)) continue;
    edit.removeInitializer(tensor.name);
    note(`removed unused initializer "${tensor.name}"`);
  }
});
