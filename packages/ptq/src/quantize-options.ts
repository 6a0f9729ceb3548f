import {
  type ConvolutionBackend,
  findTarget,
  InvalidArgumentError,
  type Provenance,
  perTensor,
  type StatisticsBackend,
  type Target,
  withScheme,
} from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import type { CalibrationState } from './calibration-state';
import { defaultTarget } from './default-target';
import type { EqualizeOptions } from './equalization/equalize-weights';
import type { SampleSource } from './feeds';
import type { MixedPrecisionOptions } from './mixed-precision/choose-bits';
import { parseBits } from './parse-bits';
import type { OnProgress } from './progress';
import { type AnyRangeSelector, resolveRangeSelector } from './range-selectors';
import type { ReconstructionSettings } from './reconstruction/reconstruction-options';
import type { Rounding } from './refine-spec';
import type { LowBitOptions } from './rounding/low-bit-schemes';
import { asSampleSource, type SampleInput } from './sample-source';
import type { Runtime } from './session';

export interface QuantizeOptions {
  /** Samples like those the model will see. */
  readonly calibration: SampleInput;
  /** Where the result will run: a target or the id of a built-in one. Default: onnxruntime on this machine's kind. */
  readonly target?: Target | string;
  /** Default: the installed onnxruntime. */
  readonly runtime?: Runtime;
  /** Model name for the report. */
  readonly name?: string;
  /**
   * Samples per run, where the model leaves the first axis open. Default 32; for calibration as many as hand out about 20 MB
   * of observed tensors (`calibrationBatchSize`).
   */
  readonly batchSize?: number;
  /** Calibration samples used at most. Default 512. */
  readonly samples?: number;
  /**
   * The native kernels: faster loops for statistics, with the same results, and where they have float convolutions, those run
   * convolutional networks during calibration (the runtime's values up to float rounding) and block reconstruction. Default: TypeScript,
   * and the runtime for the model.
   */
  readonly backend?: StatisticsBackend & Partial<ConvolutionBackend>;
  /**
   * Statistics collected before, by `collectStatistics` or merged from shards, instead of a run over the samples. Adaptive rounding, bias
   * correction and verification still read `calibration`.
   */
  readonly statistics?: CalibrationState;
  /**
   * How activation ranges are selected: a selector or its name, such as `percentile(99.99)`; `auto` tries several per tensor and takes
   * what leaves the model's outputs closest to float. Default `mse`.
   */
  readonly activationRange?: AnyRangeSelector | string;
  /** How weight ranges are selected; `auto` as for activations. Default `fullRange`, with mixed precision `mse`. */
  readonly weightRange?: AnyRangeSelector | string;
  /** Globs over node names, or `op:Type`, left in float. */
  readonly exclude?: readonly string[];
  /** Bits of weights and activations, such as `w4a8` or `w4a4`; first and last layers keep 8. Default `w8a8`. */
  readonly bits?: string | LowBitOptions;
  /** Bits per layer, chosen by measured sensitivity under a budget. */
  readonly mixedPrecision?: MixedPrecisionOptions;
  /** Bits of single layers by hand: glob patterns over node names, and `w4a8` or `float`; later ones win. */
  readonly layerBits?: readonly (readonly [pattern: string, bits: string])[];
  /**
   * How weights are rounded: `adaround` and `gptq` use the samples and take minutes; `brecq` goes on
   * from `gptq` and learns whole blocks, activation scales included, for 4-bit activations. Default `nearest`.
   */
  readonly rounding?: Rounding;
  /** How `brecq` learns. */
  readonly reconstruction?: Partial<ReconstructionSettings>;
  /** Cross-layer equalization first (for per-tensor weights and unbalanced channels). Default false. */
  readonly equalize?: boolean | EqualizeOptions;
  /**
   * SmoothQuant's α, 0 … 1: moves that share of the range of outlier channels from activations into weights first, for
   * transformers. Default: no smoothing.
   */
  readonly smooth?: number;
  /**
   * Empirical bias correction after range selection, on 256 of the samples at most, with `statistics` too; adaptive rounding does it by
   * itself. Default: true where every layer has 8 bits and the target reads ONNX files. With fewer bits it brings more classes right but
   * may take the outputs themselves further from float: `rounding` is the better remedy.
   */
  readonly correctBias?: boolean;
  /** One scale per output channel, where the target can; false = one per weight tensor. Default true. */
  readonly perChannel?: boolean;
  /** Input shapes that override the model's, by input name. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Samples on which the exported file is compared with the float model; 0 = no verification. Default 64. */
  readonly verifySamples?: number;
  /** Labelled samples: accuracy of both models; what float predicts for them, where that is known (`predictClasses`). */
  readonly evaluation?: {
    readonly samples: SampleInput;
    readonly labels: ArrayLike<number>;
    readonly floatPredictions?: Int32Array | undefined;
  };
  /** Timed runs of each model; 0 = none. Default 21 when there is an evaluation, else 0. */
  readonly latencyRuns?: number;
  /** Threads inside one operator for the timing. Default: the runtime's choice. */
  readonly threads?: number;
  readonly provenance?: Omit<Provenance, 'tool' | 'samples'>;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

const optionKeys: readonly (keyof QuantizeOptions)[] = [
  'calibration',
  'target',
  'runtime',
  'name',
  'batchSize',
  'samples',
  'backend',
  'statistics',
  'activationRange',
  'weightRange',
  'exclude',
  'bits',
  'mixedPrecision',
  'layerBits',
  'rounding',
  'reconstruction',
  'equalize',
  'smooth',
  'correctBias',
  'perChannel',
  'shapes',
  'verifySamples',
  'evaluation',
  'latencyRuns',
  'threads',
  'provenance',
  'signal',
  'onProgress',
];

/** Options with every default filled in and every name looked up. */
export interface QuantizeSettings {
  readonly target: Target;
  readonly bits: LowBitOptions | undefined;
  readonly source: SampleSource;
  readonly batchSize: number;
  readonly samples: number;
  readonly verifySamples: number;
  readonly evaluationSource: SampleSource | undefined;
  readonly activationRange: AnyRangeSelector;
  readonly weightRange: AnyRangeSelector;
  readonly correctBias: boolean;
  readonly shapesForMemory: Readonly<Record<string, readonly number[]>> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

/**
 * Fills in defaults; samples come in the batches that `model` takes.
 *
 * @throws {InvalidArgumentError} for an unknown option, target or range selector
 */
export function resolveQuantizeOptions(options: QuantizeOptions, model: Model): QuantizeSettings {
  const unknown = Object.keys(options).find((key) => !(optionKeys as readonly string[]).includes(key));
  if (unknown !== undefined) throw invalidOption(`one of ${optionKeys.join(', ')}`, `unknown option "${unknown}"`);
  for (const key of ['batchSize', 'samples'] as const) {
    const value = options[key];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw invalidOption(`${key} to be a positive integer`, String(value));
  }
  const { target = defaultTarget() } = options;
  const found = typeof target === 'string' ? findTarget(target) : target;
  const bits = typeof options.bits === 'string' ? parseBits(options.bits) : options.bits;
  return {
    target: options.perChannel === false ? perTensorTarget(found) : found,
    bits,
    source: asSampleSource(options.calibration, model),
    evaluationSource: options.evaluation && asSampleSource(options.evaluation.samples, model),
    batchSize: options.batchSize ?? 32,
    samples: options.samples ?? 512,
    verifySamples: options.verifySamples ?? 64,
    activationRange: resolveRangeSelector(options.activationRange ?? 'mse'),
    weightRange: resolveRangeSelector(
      options.weightRange ?? (options.mixedPrecision === undefined ? 'fullRange' : 'mse'),
    ),
    correctBias: options.correctBias ?? correctsByDefault(options, bits, found),
    shapesForMemory: options.shapes,
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

// — internals —

/**
 * On by default where it costs nobody anything: the ONNX file carries the new biases (tables of ranges for other toolchains go with the
 * original model, which does not), and with 8 bits outputs come closer to float in every model measured.
 */
function correctsByDefault(
  { mixedPrecision, layerBits = [] }: QuantizeOptions,
  bits: LowBitOptions | undefined,
  target: Target,
): boolean {
  const { weightBits = 8, activationBits = 8 } = bits ?? {};
  const isEightBits = mixedPrecision === undefined && layerBits.length === 0 && weightBits >= 8 && activationBits >= 8;
  return isEightBits && target.exporter === 'onnx-qdq';
}

/** The same target with one scale per weight tensor. */
function perTensorTarget(target: Target): Target {
  const weight = withScheme(target.schemes.weight, { granularity: perTensor });
  return { ...target, schemes: { ...target.schemes, weight } };
}

function invalidOption(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] quantizeModel', expected, received });
}
