import { editGraph } from '../graph/edit-graph';
import type { GraphEditor } from '../graph/editor-types';
import type { Model } from '../message/types';
import type { ExternalDataReader } from '../tensor/tensor-payload';

/** What every pass understands. */
export interface PassOptions {
  /** Reader for tensors kept outside the model file; without it such tensors are left as they are. */
  readonly readExternal?: ExternalDataReader | undefined;
}

/** A changed model and what was changed, one line per change. */
export interface PassResult {
  /** The model given, the very same object, when nothing changed. */
  readonly model: Model;
  readonly changes: readonly string[];
}

/** A rewrite of a model as a value. Never changes the model it is given; tensors are shared between the two. */
export interface GraphPass<Options extends PassOptions = PassOptions> {
  readonly name: string;
  run(model: Model, options?: Options): PassResult;
}

/** What the body of an editing pass works with. */
export interface PassContext<Options> {
  /** The model as given. */
  readonly model: Model;
  readonly edit: GraphEditor;
  readonly options: Options;
  /** Records a change; without any, the edits are thrown away. */
  readonly note: (change: string) => void;
}

/** Makes a pass from a function that edits the main graph; nodes inside body graphs are left alone. */
export const editingPass = <Options extends PassOptions = PassOptions>(
  name: string,
  apply: (context: PassContext<Partial<Options>>) => void,
): GraphPass<Options> =>
  Object.freeze({
    name,
    run: (model: Model, options?: Options): PassResult => {
      if (model.graph === undefined) return { model, changes: [] };
      const changes: string[] = [];
      const edit = editGraph(model);
      const note = (change: string): void => {
        changes.push(change);
      };
      apply({ model, edit, options: options ?? {}, note });
      return changes.length === 0 ? { model, changes } : { model: edit.finish(), changes };
    },
  });

/** Whether a node belongs to the default operator set. */
export const isStandard = (node: { readonly domain: string }): boolean =>
  node.domain === '' || node.domain === 'ai.onnx';
