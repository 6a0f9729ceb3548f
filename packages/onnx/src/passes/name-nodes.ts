import { editingPass, type GraphPass } from './graph-pass';

/** Gives every node of the main graph a unique name: nameless ones their operator's, repeated ones a suffix. */
export const nameNodes: GraphPass = editingPass('nameNodes', ({ edit, note }) => {
  const seen = new Set<string>();
  for (const node of edit.nodes()) {
    if (node.name !== '' && !seen.has(node.name)) {
      seen.add(node.name);
      continue;
    }
    const old = node.name;
    edit.setNodeName(node, edit.uniqueNodeName(old === '' ? node.opType : old));
    seen.add(node.name);
    note(old === '' ? `named node "${node.name}"` : `renamed a second node "${old}" to "${node.name}"`);
  }
});
