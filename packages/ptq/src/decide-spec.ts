import { assertPlan, type QuantizationSpec } from '@bitwright/core';
import { type Model, removeIdentity } from '@bitwright/onnx';
import { calibrationBatchSize, correctionBatchSize } from './batch-size';
import { buildSpec } from './build-spec';
import type { Observers } from './calibrate';
import { type CalibrationState, seenSamples, stateObservers } from './calibration-state';
import { assertStateOf, collectStatistics } from './collect-statistics';
import { convolutionOf } from './convolution-of';
import { bitsByHand, chooseBits, type MixedPrecisionReport } from './mixed-precision/choose-bits';
import { measureDrop } from './mixed-precision/measure-drop';
import { roundToWidths } from './mixed-precision/round-to-widths';
import { type PlanOptions, planPrepared, planQuantization, type QuantizationPlan } from './plan';
import { type MeasuredRanges, measureRanges, type RangeChoice } from './probe/measured-ranges';
import { createOutputProbe, type OutputProbe } from './probe/output-probe';
import { throwIfAborted } from './progress';
import type { QuantizeOptions, QuantizeSettings } from './quantize-options';
import { automatic } from './range-selectors';
import { refineSpec } from './refine-spec';
import { findLowBitLayers, type LayerBits } from './rounding/low-bit-schemes';
import { forCopies, type SeparatedSkips, separateSkips } from './rounding/separate-skips';
import type { Runtime } from './session';
import { smoothedPlan } from './smoothing/smoothed-plan';
import { tool } from './version';

/** Everything that is decided before a file is written. */
export interface DecidedSpec {
  readonly plan: QuantizationPlan;
  /** The prepared float model, with rounded weights or corrected biases where those were asked for. */
  readonly model: Model;
  readonly spec: QuantizationSpec;
  readonly statistics: CalibrationState;
  /** Seconds of the run over the samples. */
  readonly calibrationSeconds: number;
  /** What was done after ranges were chosen, in sentences. */
  readonly steps: readonly string[];
  readonly ranges: readonly RangeChoice[] | undefined;
  readonly mixedPrecision: MixedPrecisionReport | undefined;
}

/**
 * Plans, calibrates, chooses ranges and bits, and refines weights and biases.
 *
 * Order: statistics of the 8-bit plan, then bits per layer (which statistics do not depend on), then ranges on the final plan.
 */
export async function decideSpec(
  original: Model,
  options: QuantizeOptions,
  settings: QuantizeSettings,
  runtime: Runtime,
): Promise<DecidedSpec> {
  const { target, source, signal, onProgress, activationRange, weightRange } = settings;
  const planOptions: PlanOptions = {
    target,
    exclude: options.exclude,
    shapes: options.shapes,
    equalize: options.equalize,
    bits: settings.bits,
  };
  const prepared = planQuantization(original, planOptions);
  const first =
    options.smooth === undefined
      ? prepared
      : await smoothedPlan(prepared, planOptions, options.smooth, {
          runtime,
          source,
          batchSize: settings.batchSize,
          signal,
          onProgress,
        });
  const byHand = bitsByHand(options.layerBits ?? [], findLowBitLayers(first.model, first.placement).nodes);
  const started = performance.now();
  const firstStatistics = await statisticsOf(first, options, settings, runtime);
  const calibrationSeconds = (performance.now() - started) / 1000;
  const provenance = { tool, ...options.provenance, samples: seenSamples(firstStatistics) };
  const observersOf = (state: CalibrationState): Observers => stateObservers(state, [activationRange.observer]);
  const firstObservers = observersOf(firstStatistics);
  const common = { runtime, source, batchSize: settings.batchSize, samples: settings.samples, signal, onProgress };
  let probe: Promise<OutputProbe> | undefined;
  const getProbe = (): Promise<OutputProbe> => {
    const samples = options.mixedPrecision?.samples;
    probe ??= createOutputProbe(first.model, { runtime, source, samples, batchSize: settings.batchSize, signal });
    return probe;
  };

  const planWith = (layers: ReadonlyMap<string, LayerBits>): { plan: QuantizationPlan; options: PlanOptions } => {
    if (layers.size === 0) return { plan: first, options: planOptions };
    const bits = { ...(settings.bits ?? { weightBits: 8 }), layers };
    return { plan: planPrepared(first, { ...planOptions, bits }), options: { ...planOptions, bits } };
  };
  const separated = (from: QuantizationPlan): SeparatedSkips =>
    settings.bits?.wideSkips === false
      ? { ...from, sources: new Map() }
      : separateSkips(from.model, from.wide, from.placement);
  const specOf = (
    skips: SeparatedSkips,
    observers: Observers,
    ranges?: MeasuredRanges['selectors'],
  ): QuantizationSpec =>
    buildSpec({
      model: skips.model,
      placement: skips.placement,
      observers: forCopies(observers, skips),
      activationRange,
      weightRange,
      ranges: ranges === undefined ? undefined : forCopies(ranges, skips),
      provenance,
      backend: options.backend,
    });
  const isRounded = (options.rounding ?? 'nearest') !== 'nearest';
  const chosen =
    options.mixedPrecision === undefined
      ? undefined
      : await chooseBits({
          plan: first,
          options: options.mixedPrecision,
          observers: firstObservers,
          probe: await getProbe(),
          activationRange,
          weightRange,
          fixed: byHand,
          shapes: options.shapes,
          roundTo: isRounded
            ? (widths) =>
                roundToWidths(widths, {
                  ...common,
                  plan: first,
                  observers: firstObservers,
                  activationRange,
                  weightRange,
                })
            : undefined,
          measureDrop: measureDrop(original, options, settings, runtime, (layers) => {
            const skips = separated(planWith(layers).plan);
            return { model: skips.model, spec: specOf(skips, firstObservers) };
          }),
          signal,
          onProgress,
        });
  const { plan, options: finalOptions } = planWith(chosen?.layers ?? byHand);
  throwIfAborted(signal, 'search');
  // Layers left in float can make other tensors lead a group: those were not observed yet.
  const isObserved = plan.observed.every((tensor) => firstStatistics.tensors[tensor] !== undefined);
  const statistics = isObserved ? firstStatistics : await statisticsOf(plan, options, settings, runtime);
  const observers = isObserved ? firstObservers : observersOf(statistics);
  const roles = { activations: activationRange.id === automatic.id, weights: weightRange.id === automatic.id };
  const measured: MeasuredRanges | undefined =
    roles.activations || roles.weights
      ? await measureRanges({ plan, observers, probe: await getProbe(), roles, signal, onProgress })
      : undefined;

  throwIfAborted(signal, 'export');
  onProgress?.({ phase: 'export', done: 0, total: 1, etaMs: undefined });
  const skips = separated(plan);
  const spec = specOf(skips, observers, measured?.selectors);
  assertPlan(spec, target);
  const refined = await refineSpec({ ...plan, model: skips.model, placement: skips.placement }, spec, {
    ...common,
    rounding: options.rounding ?? 'nearest',
    reconstruction: options.reconstruction,
    kernels: convolutionOf(options.backend),
    correctBias: settings.correctBias,
    correctionBatchSize: options.batchSize ?? correctionBatchSize(plan, options.shapes),
    respecify: (corrected) => {
      const model = removeIdentity.run(corrected).model;
      return specOf(separated(planPrepared({ ...plan, model }, finalOptions)), observers, measured?.selectors);
    },
  });
  return {
    plan,
    model: refined.model,
    spec: refined.spec,
    statistics,
    calibrationSeconds,
    steps: refined.steps,
    ranges: measured?.choices,
    mixedPrecision: chosen?.report,
  };
}

// — internals —

/** Statistics the caller brought, checked against the plan, or a run over the samples. */
async function statisticsOf(
  plan: QuantizationPlan,
  options: QuantizeOptions,
  settings: QuantizeSettings,
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
