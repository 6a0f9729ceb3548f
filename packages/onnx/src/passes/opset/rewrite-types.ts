import type { GraphEditor } from '../../graph/editor-types';
import type { Node } from '../../message/types';
import type { Inference } from '../../shape/infer-graph';

/** What a rewrite of one node works with. */
export interface RewriteContext {
  readonly edit: GraphEditor;
  readonly node: Node;
  readonly inference: Inference;
  /** Opset the node is written for. */
  readonly from: number;
}

/**
 * Rewrites one node so that it means at the newer opset what it meant before.
 *
 * @returns why the node cannot be converted, or undefined when it is done
 */
export type Rewrite = (context: RewriteContext) => string | undefined;
