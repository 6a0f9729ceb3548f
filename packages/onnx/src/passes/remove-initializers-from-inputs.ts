import { editingPass, type GraphPass } from './graph-pass';

/**
 * Takes initializers out of the list of graph inputs, so that runtimes may treat them as constants and fuse. Exact,
 * except that callers can no longer override those values.
 */
export const removeInitializersFromInputs: GraphPass = editingPass('removeInitializersFromInputs', ({ edit, note }) => {
  for (const info of edit.inputs()) {
    if (edit.initializer(info.name) === undefined) continue;
    edit.removeInput(info.name);
    note(`initializer "${info.name}" is no longer a graph input`);
  }
});
