import type { QuantizationSpec } from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import { encodeModel, type Model } from '@bitwright/onnx';
import { type CalibrationState, seenSamples } from './calibration-state';
import { decideSpec } from './decide-spec';
import { activationMemory, measureQuantized } from './measure-quantized';
import { throwIfAborted } from './progress';
import { type QuantizeOptions, resolveQuantizeOptions } from './quantize-options';
import { type QuantizationReport, summarizePlan } from './report';
import { loadRuntime } from './session';
import { tool } from './version';
import { findWarnings } from './warnings';

export interface QuantizeResult {
  /** The low-bit model. */
  readonly model: Model;
  /** The float model the spec's names refer to: BatchNorm folded, nodes named. */
  readonly floatModel: Model;
  /** What the samples showed: usable for another run on the same plan. */
  readonly statistics: CalibrationState;
  readonly spec: QuantizationSpec;
  readonly report: QuantizationReport;
}

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
  const settings = resolveQuantizeOptions(options, model);
  const { target, source, signal, onProgress } = settings;
  throwIfAborted(signal, 'prepare');
  onProgress?.({ phase: 'prepare', done: 0, total: 1, etaMs: undefined });
  const runtime = options.runtime ?? (await loadRuntime());
  const decided = await decideSpec(model, options, settings, runtime);
  const { plan, spec } = decided;
  const quantized = writeQdq(decided.model, spec, target);
  const floatBytes = encodeModel(model);
  const quantizedBytes = encodeModel(quantized);
  const measured = await measureQuantized(floatBytes, quantizedBytes, options, settings, runtime);
  const draft: Omit<QuantizationReport, 'warnings'> = {
    tool,
    model: options.name ?? model.graph?.name ?? 'model',
    target: target.id,
    runtime: { name: runtime.name, version: runtime.version },
    preparation: plan.changes,
    refinement: decided.steps,
    calibration: {
      data: source.description,
      samples: seenSamples(decided.statistics),
      batchSize: decided.statistics.batchSize,
      activationRange: settings.activationRange.id,
      weightRange: settings.weightRange.id,
      seconds: decided.calibrationSeconds,
    },
    ...(decided.ranges === undefined ? {} : { ranges: decided.ranges }),
    ...(decided.mixedPrecision === undefined ? {} : { mixedPrecision: decided.mixedPrecision }),
    plan: summarizePlan(plan.model.graph?.node ?? [], plan.placement.nodes),
    size: { floatBytes: floatBytes.length, quantizedBytes: quantizedBytes.length },
    activationMemory: activationMemory(plan.model, quantized, settings.shapesForMemory),
    ...measured,
  };
  return {
    model: quantized,
    floatModel: decided.model,
    statistics: decided.statistics,
    spec,
    report: { ...draft, warnings: findWarnings(draft, spec) },
  };
}
