import type { Granularity, Target } from '@bitwright/core';
import type { GraphIndex, Node, Tensor } from '@bitwright/onnx';

/** What a rule may look at. */
export interface RuleContext {
  readonly index: GraphIndex;
  readonly target: Target;
  /** Version of the ai.onnx operator set. */
  readonly opset: number;
  /** Initializer that the caller of the model cannot override. */
  constant(name: string | undefined): Tensor | undefined;
  /** Sizes of a tensor's axes where known; undefined when even the rank is unknown. */
  shape(name: string | undefined): readonly (number | string | undefined)[] | undefined;
}

/** A constant input that is stored as integers. */
export interface WeightRole {
  readonly input: number;
  /** `weight`: the target's weight scheme along the axis; `activation`: like an activation, one scale (Add, Mul …). */
  readonly like: 'weight' | 'activation';
  readonly granularity: Granularity;
}

/** How a node takes part in an integer graph. */
export interface NodeRoles {
  /**
   * anchor       worth quantizers of its own: Conv, MatMul, Gemm
   * follower     integer where its neighbours already are: Add, Concat, pools …
   * passThrough  moves codes; input and outputs share one set of parameters
   * absorbed     disappears into its producer
   */
  readonly form: 'anchor' | 'follower' | 'passThrough' | 'absorbed';
  /** Input positions that carry quantized activations. */
  readonly activations: readonly number[];
  readonly weights: readonly WeightRole[];
  /** Constant bias at `input`, to be stored as int32 with scale(activation) · scale(weight). */
  readonly bias?: { readonly input: number; readonly activation: number; readonly weight: number };
}

/** The node cannot run on integers, and why. */
export interface FloatRole {
  readonly form: 'float';
  readonly reason: string;
}

/** How one family of operators is quantized: one small value per family. */
export interface OperatorRule {
  readonly opTypes: readonly string[];
  roles(node: Node, context: RuleContext): NodeRoles | FloatRole;
}

export function floatRole(reason: string): FloatRole {
  return { form: 'float', reason };
}
