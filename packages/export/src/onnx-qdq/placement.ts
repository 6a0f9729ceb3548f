import type { LinearScheme, NodeDecision, Target } from '@bitwright/core';

/** An activation tensor that carries a quantizer. */
export interface PlacedActivation {
  readonly tensor: string;
  readonly scheme: LinearScheme;
  /** The tensor whose parameters this one uses: itself, or the first of a chain of pass-through operators. */
  readonly leader: string;
}

/** A constant that is stored as integers. */
export interface PlacedWeight {
  readonly tensor: string;
  readonly scheme: LinearScheme;
}

/** A bias that is stored as int32 with scale = scale(activation) · scale(weight). */
export interface PlacedBias {
  readonly tensor: string;
  readonly activation: string;
  readonly weight: string;
  /** Axis of the channels in the bias tensor. */
  readonly axis: number;
}

/**
 * Where quantizers go in a model for a target, and what becomes of every node: what must be observed before a spec can be
 * made, and what a spec must contain before a file can be written. Keys are node and tensor names.
 */
export interface Placement {
  readonly target: Target;
  readonly nodes: ReadonlyMap<string, NodeDecision>;
  readonly activations: ReadonlyMap<string, PlacedActivation>;
  readonly weights: ReadonlyMap<string, PlacedWeight>;
  readonly biases: ReadonlyMap<string, PlacedBias>;
}
