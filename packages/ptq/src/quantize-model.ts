import {
  assertPlan,
  findTarget,
  InvalidArgumentError,
  type Provenance,
  perTensor,
  type QuantizationSpec,
  type StatisticsBackend,
  type Target,
  withScheme,
} from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import { encodeModel, type Model, peakActivationMemory } from '@bitwright/onnx';
import { batchOfOne } from './batch-of-one';
import { calibrationBatchSize } from './batch-size';
import { buildSpec } from './build-spec';
import { type CalibrationState, seenSamples, stateObservers } from './calibration-state';
import { assertStateOf, collectStatistics } from './collect-statistics';
import { defaultTarget } from './default-target';
import type { EqualizeOptions } from './equalization/equalize-weights';
import { compareLatency, type Evaluation, evaluateClassifiers, type LatencyComparison } from './evaluate';
import type { SampleSource } from './feeds';
import { parseBits } from './parse-bits';
import { planPrepared, planQuantization, type QuantizationPlan } from './plan';
import { type OnProgress, throwIfAborted } from './progress';
import { type AnyRangeSelector, resolveRangeSelector } from './range-selectors';
import { type Rounding, refineSpec } from './refine-spec';
import { type QuantizationReport, summarizePlan } from './report';
import type { LowBitOptions } from './rounding/low-bit-schemes';
import { readRuntimeGraph } from './runtime-graph';
import { asSampleSource, limitedBatches, type SampleInput } from './sample-source';
import { loadRuntime, type Runtime } from './session';
import { type Verification, verifyExported } from './verify';
import { tool } from './version';
import { findWarnings } from './warnings';

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
   * Samples per run, where the model leaves the first axis open. Default 32; for calibration as many as hand out about 5 MB
   * of observed tensors (`calibrationBatchSize`).
   */
  readonly batchSize?: number;
  /** Calibration samples used at most. Default 512. */
  readonly samples?: number;
  /** Faster loops for statistics, with the same results: the native kernels. Default: TypeScript. */
  readonly backend?: StatisticsBackend;
  /** Statistics collected before, by `collectStatistics` or merged from shards, instead of a run over the samples. */
  readonly statistics?: CalibrationState;
  /** How activation ranges are selected: a selector or its name, such as `percentile(99.99)`. Default `mse`. */
  readonly activationRange?: AnyRangeSelector | string;
  /** How weight ranges are selected. Default `fullRange`. */
  readonly weightRange?: AnyRangeSelector | string;
  /** Globs over node names, or `op:Type`, left in float. */
  readonly exclude?: readonly string[];
  /** Bits of weights and activations, such as `w4a8` or `w4a4`; first and last layers keep 8. Default `w8a8`. */
  readonly bits?: string | LowBitOptions;
  /** How weights are rounded: `adaround` and `gptq` use the samples and take minutes. Default `nearest`. */
  readonly rounding?: Rounding;
  /** Cross-layer equalization first (for per-tensor weights and unbalanced channels). Default false. */
  readonly equalize?: boolean | EqualizeOptions;
  /** Empirical bias correction after range selection; adaptive rounding does it by itself. Default false. */
  readonly correctBias?: boolean;
  /** One scale per output channel, where the target can; false = one per weight tensor. Default true. */
  readonly perChannel?: boolean;
  /** Input shapes that override the model's, by input name. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Samples on which the exported file is compared with the float model; 0 = no verification. Default 64. */
  readonly verifySamples?: number;
  /** Labelled samples: accuracy of both models. */
  readonly evaluation?: { readonly samples: SampleInput; readonly labels: ArrayLike<number> };
  /** Timed runs of each model; 0 = none. Default 21 when there is an evaluation, else 0. */
  readonly latencyRuns?: number;
  /** Threads inside one operator for the timing. Default: the runtime's choice. */
  readonly threads?: number;
  readonly provenance?: Omit<Provenance, 'tool' | 'samples'>;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface QuantizeResult {
  /** The low-bit model. */
  readonly model: Model;
  /** The float model the spec's names refer to: BatchNorm folded, nodes named. */
  readonly floatModel: Model;
  readonly spec: QuantizationSpec;
  readonly report: QuantizationReport;
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
  'rounding',
  'equalize',
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

/**
 * Post-training quantization with calibration: float model in, low-bit model, spec and report out.
 *
 * Folds BatchNorm, plans where quantizers go for the target, runs the samples through the float model in constant memory,
 * chooses parameters, writes the QDQ model, then loads what it wrote in the runtime and compares it with float.
 *
 * @throws {InvalidArgumentError} for an unknown option, target, range selector or exclusion
 * @throws {ModelFormatError} for an invalid or already quantized model
 * @throws {InputDataError} for data that do not fit the model, NonFiniteDataError for NaN or infinities in them
 * @throws {RuntimeError} when the runtime is missing or refuses a model
 * @throws {AbortedError} when cancelled
 * @example
 * const { model, report } = await quantizeModel(decodeModel(bytes), { calibration: [{ input: { type: 'float32', data, dims } }] });
 */
export async function quantizeModel(model: Model, options: QuantizeOptions): Promise<QuantizeResult> {
  const settings = resolveOptions(options);
  const { target, source, signal, onProgress } = settings;
  throwIfAborted(signal, 'prepare');
  onProgress?.({ phase: 'prepare', done: 0, total: 1, etaMs: undefined });
  const runtime = options.runtime ?? (await loadRuntime());
  const planOptions = {
    target,
    exclude: options.exclude,
    shapes: options.shapes,
    equalize: options.equalize,
    bits: settings.bits,
  };
  const plan = planQuantization(model, planOptions);

  const started = performance.now();
  const statistics = await statisticsOf(plan, options, settings, runtime);
  const seconds = (performance.now() - started) / 1000;
  throwIfAborted(signal, 'export');
  onProgress?.({ phase: 'export', done: 0, total: 1, etaMs: undefined });
  const samples = seenSamples(statistics);
  const observers = stateObservers(statistics, [settings.activationRange.observer]);
  const specOf = ({ model: prepared, placement }: QuantizationPlan): QuantizationSpec =>
    buildSpec({
      model: prepared,
      placement,
      observers,
      activationRange: settings.activationRange,
      weightRange: settings.weightRange,
      provenance: { tool, ...options.provenance, samples },
    });
  const chosen = specOf(plan);
  assertPlan(chosen, target);
  const refined = await refineSpec(plan, chosen, {
    runtime,
    source,
    rounding: options.rounding ?? 'nearest',
    correctBias: options.correctBias ?? false,
    batchSize: settings.batchSize,
    samples: settings.samples,
    respecify: (corrected) => specOf(planPrepared({ ...plan, model: corrected }, planOptions)),
    signal,
    onProgress,
  });
  const { spec } = refined;
  const quantized = writeQdq(refined.model, spec, target);
  const floatBytes = encodeModel(model);
  const quantizedBytes = encodeModel(quantized);
  const measured = await measure(floatBytes, quantizedBytes, options, settings, runtime);
  const draft: Omit<QuantizationReport, 'warnings'> = {
    tool,
    model: options.name ?? model.graph?.name ?? 'model',
    target: target.id,
    runtime: { name: runtime.name, version: runtime.version },
    preparation: plan.changes,
    refinement: refined.steps,
    calibration: {
      data: source.description,
      samples,
      batchSize: statistics.batchSize,
      activationRange: settings.activationRange.id,
      weightRange: settings.weightRange.id,
      seconds,
    },
    plan: summarizePlan(plan.model.graph?.node ?? [], plan.placement.nodes),
    size: { floatBytes: floatBytes.length, quantizedBytes: quantizedBytes.length },
    activationMemory: activationMemory(plan.model, quantized, settings.shapesForMemory),
    ...measured,
  };
  return {
    model: quantized,
    floatModel: refined.model,
    spec,
    report: { ...draft, warnings: findWarnings(draft, spec) },
  };
}

/** The same target with one scale per weight tensor. */
function perTensorTarget(target: Target): Target {
  const weight = withScheme(target.schemes.weight, { granularity: perTensor });
  return { ...target, schemes: { ...target.schemes, weight } };
}

/** Statistics the caller brought, checked against the plan, or a run over the samples. */
async function statisticsOf(
  plan: QuantizationPlan,
  options: QuantizeOptions,
  settings: Settings,
  runtime: Runtime,
): Promise<CalibrationState> {
  const { activationRange: selector, source, samples: limit, signal, onProgress } = settings;
  const { statistics, backend } = options;
  if (statistics === undefined) {
    const batchSize = options.batchSize ?? calibrationBatchSize(plan, selector, options.shapes);
    return collectStatistics(plan, { runtime, source, selector, batchSize, limit, backend, signal, onProgress });
  }
  await assertStateOf(statistics, plan, selector);
  return statistics;
}

interface Settings {
  readonly target: Target;
  readonly bits: LowBitOptions | undefined;
  readonly source: SampleSource;
  readonly batchSize: number;
  readonly samples: number;
  readonly verifySamples: number;
  readonly activationRange: AnyRangeSelector;
  readonly weightRange: AnyRangeSelector;
  readonly shapesForMemory: Readonly<Record<string, readonly number[]>> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

function resolveOptions(options: QuantizeOptions): Settings {
  const unknown = Object.keys(options).find((key) => !(optionKeys as readonly string[]).includes(key));
  if (unknown !== undefined) throw invalidOption(`one of ${optionKeys.join(', ')}`, `unknown option "${unknown}"`);
  for (const key of ['batchSize', 'samples'] as const) {
    const value = options[key];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw invalidOption(`${key} to be a positive integer`, String(value));
  }
  const { target = defaultTarget() } = options;
  const found = typeof target === 'string' ? findTarget(target) : target;
  return {
    target: options.perChannel === false ? perTensorTarget(found) : found,
    bits: typeof options.bits === 'string' ? parseBits(options.bits) : options.bits,
    source: asSampleSource(options.calibration),
    batchSize: options.batchSize ?? 32,
    samples: options.samples ?? 512,
    verifySamples: options.verifySamples ?? 64,
    activationRange: resolveRangeSelector(options.activationRange ?? 'mse'),
    weightRange: resolveRangeSelector(options.weightRange ?? 'fullRange'),
    shapesForMemory: options.shapes,
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

interface Measured {
  readonly runtimeGraph?: QuantizationReport['runtimeGraph'];
  readonly verification?: Verification;
  readonly evaluation?: Evaluation;
  readonly latency?: LatencyComparison;
}

async function measure(
  float: Uint8Array,
  quantized: Uint8Array,
  options: QuantizeOptions,
  settings: Settings,
  runtime: Runtime,
): Promise<Measured> {
  const { source, batchSize, verifySamples, signal, onProgress } = settings;
  const common = { runtime, batchSize, signal, onProgress };
  const isMeasured = verifySamples > 0;
  const graph = isMeasured ? await readRuntimeGraph(runtime, quantized) : undefined;
  const verification = isMeasured
    ? await verifyExported(float, quantized, { ...common, source, limit: verifySamples })
    : undefined;
  const evaluation =
    options.evaluation === undefined
      ? undefined
      : await evaluateClassifiers(float, quantized, {
          ...common,
          source: asSampleSource(options.evaluation.samples),
          labels: options.evaluation.labels,
        });
  const runs = options.latencyRuns ?? (options.evaluation === undefined ? 0 : 21);
  const latency = runs > 0 ? await timeBoth(float, quantized, runs, options, settings, runtime) : undefined;
  return {
    ...(graph === undefined
      ? {}
      : { runtimeGraph: { ...graph, integerShare: graph.integer / Math.max(1, graph.integer + graph.float) } }),
    ...(verification === undefined ? {} : { verification }),
    ...(evaluation === undefined ? {} : { evaluation }),
    ...(latency === undefined ? {} : { latency }),
  };
}

async function timeBoth(
  float: Uint8Array,
  quantized: Uint8Array,
  runs: number,
  options: QuantizeOptions,
  settings: Settings,
  runtime: Runtime,
): Promise<LatencyComparison | undefined> {
  for await (const feeds of limitedBatches(settings.source, settings.batchSize, settings.batchSize)) {
    return compareLatency(float, quantized, {
      runtime,
      feeds,
      runs,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    });
  }
  return undefined;
}

/** Both peaks at batch 1 where the model leaves the batch open; undefined when some shape is not known. */
function activationMemory(
  float: Model,
  quantized: Model,
  shapes: Readonly<Record<string, readonly number[]>> | undefined,
): QuantizationReport['activationMemory'] {
  const inputShapes = { ...batchOfOne(float), ...shapes };
  const a = peakActivationMemory(float, inputShapes);
  const b = peakActivationMemory(quantized, inputShapes, { fused: true });
  if (a.unknown.length > 0 || b.unknown.length > 0) return undefined;
  return { floatBytes: a.peakBytes, quantizedBytes: b.peakBytes };
}

function invalidOption(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] quantizeModel', expected, received });
}
