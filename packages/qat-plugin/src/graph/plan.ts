import type { FoldingStrategy } from '../layers/conv-batch-norm';
import type { WeightPlan } from '../layers/quantize-wrapper';
import type { ResolvedOptions } from '../options';
import type { SlotPlan } from '../quantizers/slot-plan';
import type { Consumer, GraphIndex } from './graph-index';
import type { ModelGraph, TensorRef } from './model-graph';

/** What becomes of a layer. */
export interface PlannedLayer {
  /** Path: nested layers as `outer/inner`. */
  readonly path: string;
  readonly className: string;
  readonly kind: 'integer' | 'passThrough' | 'absorbed' | 'batchNorm' | 'float' | 'input' | 'model';
  readonly operator?: string;
  readonly reason?: string;
  readonly weights: readonly WeightPlan[];
  /** Batch normalization that becomes one layer with this one, and how. */
  readonly fold?: { readonly batchNorm: string; readonly strategy: FoldingStrategy };
}

/** A tensor that gets a quantizer, and who reads the quantized values. */
export interface PlannedTensor {
  readonly ref: TensorRef;
  readonly slot: SlotPlan;
  readonly readers: readonly Consumer[];
  readonly isReadByOutput: boolean;
}

export interface GraphPlan {
  readonly layers: ReadonlyMap<string, PlannedLayer>;
  readonly tensors: readonly PlannedTensor[];
  readonly nested: ReadonlyMap<string, GraphPlan>;
}

/** Where a graph sits inside the whole model. */
export interface Surroundings {
  /** `outer/`, or empty. */
  readonly prefix: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** What every step of planning looks at. */
export interface Planner {
  readonly graph: ModelGraph;
  readonly index: GraphIndex;
  readonly options: ResolvedOptions;
  readonly around: Surroundings;
  isFirst(name: string): boolean;
  isLast(name: string): boolean;
}
