import type { LinearScheme } from '../scheme';

/** What a target does with one operator type inside a quantized graph. */
export type OperatorSupport =
  /** Has an integer kernel: quantized inputs, its own quantized output. */
  | { readonly kind: 'integer' }
  /** Moves codes without arithmetic on scales: input and output share one set of parameters. */
  | { readonly kind: 'passThrough' }
  /** An activation that disappears into its producer when the output codes saturate to the same bounds. */
  | { readonly kind: 'absorbed' }
  /** Runs in float, for a stated reason. */
  | { readonly kind: 'float'; readonly reason: string };

/** Number formats for which a chip has a peak rate. */
export type PeakFormat = 'f32' | 'i16' | 'i8' | 'i4' | 'b1';

/**
 * A hardware/runtime profile, as data: what the runtime can execute, how quantizers must be placed for it,
 * and how fast the chip can be at best.
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
    /** int32: scale = scaleX·scaleW[c]; float: the bias keeps its type. */
    readonly bias: 'int32' | 'float';
  };
  /** dtypes the runtime executes, by role. */
  readonly dtypes: { readonly activation: readonly string[]; readonly weight: readonly string[] };
  readonly placement: PlacementPolicy;
  /** By ONNX operator type; an operator that is not listed runs in float because the target does not know it. */
  readonly operators: Readonly<Record<string, OperatorSupport>>;
  /** Multiply–accumulates per cycle and core, by instruction set and format; missing = no such instruction. */
  readonly peakMacsPerCycle: Readonly<Record<string, Readonly<Partial<Record<PeakFormat, number>>>>>;
  /** Exporter that writes for this target. */
  readonly exporter: string;
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
}
