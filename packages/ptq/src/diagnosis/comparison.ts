import type { ErrorMetrics } from '@bitwright/core';
import type { Evaluation, LatencyComparison } from '../evaluate';
import type { RuntimeGraph } from '../runtime-graph';
import type { CodeGrid } from './code-usage';
import type { Finding } from './finding';
import type { MatchedBy } from './match-flows';
import type { WeightComparison } from './weight-errors';

/** Errors of one tensor against float. In JSON an infinite SQNR (no error at all) reads null. */
export interface TensorErrors extends ErrorMetrics {
  /** Noise power over signal power, Σ (float − quantized)² / Σ float²: 0.02 is 2 %. */
  readonly noiseShare: number;
  /** Values that are NaN or infinite in the quantized model only; they are left out of the other figures. */
  readonly nonFinite: number;
}

/** One channel of a tensor. */
export interface ChannelError {
  readonly channel: number;
  readonly sqnrDb: number;
  readonly noiseShare: number;
  /** Share of the tensor's whole noise that this channel carries, 0…1. */
  readonly shareOfNoise: number;
}

/** How a tensor uses the codes it is given. */
export interface CodeUsage extends CodeGrid {
  /** Share of codes at qmin and at qmax, 0…1. A Relu puts its zeros at qmin; that is no loss. */
  readonly atMin: number;
  readonly atMax: number;
  /** Share of float values more than half a step outside the range: what clipping has changed. */
  readonly clipped: number;
  /** Share of the grid between the lowest and the highest code seen that was never reached at its ends, 0…1. */
  readonly unused: number;
}

/** Counts in bins of equal width, and the range the codes can express. */
export interface ActivationHistogram {
  readonly start: number;
  readonly width: number;
  readonly counts: readonly number[];
  readonly clip: { readonly min: number; readonly max: number } | undefined;
}

/** How a layer is quantized. */
export interface LayerQuantization {
  /** `static`: scales are stored; `dynamic`: computed while the model runs; `none`: activations are float. */
  readonly activations: 'static' | 'dynamic' | 'none';
  readonly weights: boolean;
}

/** One layer of the network: what quantization does to it. */
export interface LayerComparison {
  /** Label of the float operator, e.g. of a Conv. */
  readonly name: string;
  /** Operator types it covers, e.g. Conv, BatchNormalization, Relu. `Input` for a model input. */
  readonly operators: readonly string[];
  /** Tensors compared: in the float and in the quantized model. */
  readonly tensor: string;
  readonly quantizedTensor: string;
  readonly matchedBy: MatchedBy;
  readonly quantization: LayerQuantization;
  /** Error at this layer's output with everything before it quantized too. */
  readonly cumulative: TensorErrors;
  /** Error at this layer's output when only this layer is quantized, as the file says; undefined for layers in float. */
  readonly isolated?: TensorErrors;
  /** The same through the kernels that the optimizing runtime really uses. Where it is much larger, the kernels saturate. */
  readonly executed?: TensorErrors;
  /** Why there is no isolated error although the layer is quantized. */
  readonly notIsolated?: string;
  readonly weight?: WeightComparison;
  readonly codes?: CodeUsage;
  /** Extremes and root mean square of the float tensor. */
  readonly range: { readonly min: number; readonly max: number; readonly rms: number };
  /** Channels with the most noise, worst first; of the layer by itself as executed, where that is known. */
  readonly worstChannels: readonly ChannelError[];
  readonly channels: number;
  /** The channels were scaled by the quantizer (equalization, smoothing); errors are against float scaled the same way. */
  readonly isRescaled: boolean;
  /** Of the float tensor, for the worst layers. */
  readonly histogram?: ActivationHistogram;
}

/** What of the two models corresponds. */
export interface MatchingSummary {
  /** Layers of the quantized model that were compared, and how their tensors were found. */
  readonly layers: number;
  readonly byName: number;
  readonly byTopology: number;
  readonly byOrder: number;
  /** Layers of either model that could not be compared, with the reason. */
  readonly unmatched: readonly UnmatchedLayer[];
}

export interface UnmatchedLayer {
  readonly model: 'float' | 'quantized';
  readonly node: string;
  readonly opType: string;
  readonly reason: string;
}

/** One model output, both models as users run them (fully optimized). */
export interface OutputErrors extends TensorErrors {
  readonly output: string;
}

/** A model in figures. */
export interface ModelFacts {
  readonly name: string;
  /** Bytes of the model with all its weights. */
  readonly bytes: number;
  readonly nodes: number;
  /** Who wrote it, as the file says. */
  readonly producer: string;
}

/** Live activation bytes node by node; undefined where shapes are not known. */
export interface MemorySchedule {
  readonly peakBytes: number;
  readonly atNode: string;
  readonly steps: readonly { readonly node: string; readonly bytes: number }[];
}

/** Everything that was found out about a quantized model next to its float model: plain JSON data. */
export interface Comparison {
  readonly tool: { readonly name: string; readonly version: string };
  readonly runtime: { readonly name: string; readonly version: string };
  readonly float: ModelFacts;
  readonly quantized: ModelFacts;
  readonly data: string;
  readonly samples: number;
  readonly matching: MatchingSummary;
  readonly outputs: readonly OutputErrors[];
  /** In the order of the network. */
  readonly layers: readonly LayerComparison[];
  readonly memory?: { readonly float: MemorySchedule; readonly quantized: MemorySchedule };
  /** The quantized model as the runtime executes it. */
  readonly runtimeGraph?: RuntimeGraph;
  readonly latency?: LatencyComparison;
  readonly evaluation?: Evaluation;
  /** What to do next, most important first. */
  readonly findings: readonly Finding[];
  /** What the figures leave out. */
  readonly notes: readonly string[];
}
