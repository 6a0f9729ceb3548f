import type { CodeRange } from '../dtype';
import type { LinearScheme } from '../scheme';
import type { TargetEvidence } from './evidence';
import type { PeakFormat } from './instruction-set/instruction-set';
import type { SchemeRule } from './scheme-rule';

/** What a target does with one operator type inside a quantized graph. */
export type OperatorSupport =
  /** Has an integer kernel: quantized inputs, its own quantized output; some runtimes prescribe that output's parameters. */
  | { readonly kind: 'integer'; readonly output?: { readonly scale: number; readonly zeroPoint: number } }
  /** Moves codes without arithmetic on scales: all inputs and outputs share one set of parameters. */
  | { readonly kind: 'passThrough' }
  /** An activation that disappears into its producer when the output codes saturate to the same bounds. */
  | { readonly kind: 'absorbed' }
  /** Runs in float, for a stated reason. */
  | { readonly kind: 'float'; readonly reason: string };

/**
 * What the bias of an integer operator becomes:
 *   int32       codes at scale scaleX·scaleW[c], zero point 0
 *   float       keeps its type
 *   powerOfTwo  int8 codes with a power-of-two scale of its own
 */
export type BiasKind = 'int32' | 'float' | 'powerOfTwo';

/** A role a tensor plays in a plan. */
export type TensorRole = 'activation' | 'weight' | 'bias';

/** What a target can execute, by role. A scheme fits a role when it fits one of the rules. */
export interface TargetConstraints {
  readonly activation: readonly SchemeRule[];
  readonly weight: readonly SchemeRule[];
  /** What a bias may become. */
  readonly bias: readonly BiasKind[];
}

/** Operators whose weights may be stored in few bits while they compute in float or quantize activations on the fly. */
export interface WeightOnlySupport {
  readonly operators: readonly string[];
  readonly weight: readonly SchemeRule[];
}

/**
 * A hardware/runtime profile, as data: what the runtime can execute, how quantizers must be placed for it,
 * and how fast the chip can be at best. Plain and JSON-serializable, so a user's own is written like a built-in one
 * (see {@link defineTarget}).
 */
export interface Target {
  /** Name on the command line and in specs: `ort-x64`. */
  readonly id: string;
  readonly title: string;
  /** Schemes the planner assigns by default; a plan that departs from what the target can run is refused. */
  readonly schemes: {
    readonly activation: LinearScheme;
    /** Weight scheme of the default plan; its axis is set per operator. */
    readonly weight: LinearScheme;
    readonly bias: BiasKind;
  };
  /** dtypes the runtime executes, by role: the union of the constraints below. */
  readonly dtypes: { readonly activation: readonly string[]; readonly weight: readonly string[] };
  readonly constraints: TargetConstraints;
  readonly weightOnly?: WeightOnlySupport;
  readonly placement: PlacementPolicy;
  /** By ONNX operator type; an operator that is not listed runs in float because the target does not know it. */
  readonly operators: Readonly<Record<string, OperatorSupport>>;
  /** Multiply–accumulates per cycle and core, by instruction set and format; missing = no such instruction. */
  readonly peakMacsPerCycle: Readonly<Record<string, Readonly<Partial<Record<PeakFormat, number>>>>>;
  /** Formats the runtime has arithmetic for, whatever the chip could do. */
  readonly kernelFormats: readonly PeakFormat[];
  /** Exporter that writes for this target. */
  readonly exporter: string;
  readonly evidence: TargetEvidence;
  /** What a user should know and no field says. */
  readonly notes: readonly string[];
}

/** Where quantizers go around an integer operator. */
export interface PlacementPolicy {
  /** `inputsAndOutputs`: an operator is integer only with a Q on its output too (onnxruntime). `inputs`: outputs stay float (TensorRT). */
  readonly quantize: 'inputsAndOutputs' | 'inputs';
  /** Operators for which a missing output Q still gives an integer kernel with float output (logits). */
  readonly floatOutputAllowed: readonly string[];
  /** Weights are stored quantized (int8 + DequantizeLinear) or float with a QDQ pair. */
  readonly weights: 'quantized' | 'qdq';
  /** Zero points are always written out: some runtimes fail without. */
  readonly explicitZeroPoint: boolean;
  /** `oneInput`: only the skip input of a residual Add is quantized, so that the other side fuses with its convolution. Default `allInputs`. */
  readonly residualAdd?: 'allInputs' | 'oneInput';
  /** Operators whose weights may have one scale per output channel; default all that the weight scheme allows. */
  readonly perChannelWeights?: readonly string[];
  /** Codes of the weights of 3×3 convolutions with stride 1, no dilation and one group, where Winograd kernels hold fewer; default all. */
  readonly winogradWeights?: CodeRange;
  /** Bits of the first and the last layer where the plan asks for fewer elsewhere; default none. */
  readonly firstAndLastBits?: number;
}
