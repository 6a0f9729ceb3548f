import type { QuantizationSpec } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { correctBias } from './bias-correction/correct-bias';
import type { SampleSource } from './feeds';
import type { QuantizationPlan } from './plan';
import type { OnProgress } from './progress';
import { type RoundWeightsOptions, roundWeights } from './rounding/round-weights';
import type { Runtime } from './session';

/** How weights are rounded to their grid. */
export type Rounding = 'nearest' | RoundWeightsOptions['method'];

export interface RefineOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly rounding: Rounding;
  readonly correctBias: boolean;
  readonly batchSize: number;
  readonly samples: number;
  /** Makes the spec of a model whose biases were corrected (some may be new). */
  readonly respecify: (model: Model) => QuantizationSpec;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface RefinedSpec {
  readonly model: Model;
  readonly spec: QuantizationSpec;
  /** What was done, in sentences for the report. */
  readonly steps: readonly string[];
}

/**
 * What calibration data can still improve once ranges are chosen: adaptive rounding (which lets biases follow by itself), or
 * empirical bias correction. Neither changes what runs on integers, only weights on their grid and biases.
 */
export async function refineSpec(
  plan: QuantizationPlan,
  spec: QuantizationSpec,
  options: RefineOptions,
): Promise<RefinedSpec> {
  const { runtime, source, batchSize, signal, onProgress } = options;
  const { target } = plan.placement;
  const common = { runtime, source, target, batchSize, samples: options.samples, signal, onProgress };
  if (options.rounding !== 'nearest') {
    const rounded = await roundWeights(plan.model, spec, { ...common, method: options.rounding });
    const done = rounded.layers.filter((layer) => layer.method !== 'nearest');
    const ratios = done.map(({ error = 0, nearestError = 0 }) => (nearestError === 0 ? 1 : error / nearestError));
    const gain = ratios.length === 0 ? '' : `, output error ${mean(ratios).toFixed(2)} of nearest on average`;
    const step = `${options.rounding} rounding of ${done.length} of ${rounded.layers.length} layers${gain}`;
    return { model: rounded.model, spec: rounded.spec, steps: [step] };
  }
  if (!options.correctBias) return { model: plan.model, spec, steps: [] };
  const { model, layers } = await correctBias(plan.model, spec, common);
  return { model, spec: options.respecify(model), steps: [`bias correction of ${layers.length} layers`] };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
