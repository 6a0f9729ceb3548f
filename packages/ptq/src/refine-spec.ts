import type { ConvolutionBackend, QuantizationSpec } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { correctBias } from './bias-correction/correct-bias';
import type { SampleSource } from './feeds';
import type { QuantizationPlan } from './plan';
import type { OnProgress } from './progress';
import { type BlockReconstruction, reconstructBlocks } from './reconstruction/reconstruct-blocks';
import type { ReconstructionSettings } from './reconstruction/reconstruction-options';
import { roundThroughNoise } from './rounding/round-through-noise';
import type { RoundWeightsOptions } from './rounding/round-weights';
import type { Runtime } from './session';

/** Samples that mean errors of channels are taken over at most: each has many positions, so more change nothing that counts. */
const biasSamples = 256;

/** How weights are rounded to their grid; brecq: `gptq` first, then block by block with the activation scales. */
export type Rounding = 'nearest' | RoundWeightsOptions['method'] | 'brecq';

export interface RefineOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly rounding: Rounding;
  readonly correctBias: boolean;
  readonly reconstruction?: Partial<ReconstructionSettings> | undefined;
  /** Float convolutions for `brecq`. */
  readonly kernels?: ConvolutionBackend | undefined;
  /** Samples per run of the model. */
  readonly batchSize: number;
  /** Samples per run of bias correction. */
  readonly correctionBatchSize: number;
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
  const common = { runtime, source, target, samples: options.samples, signal, onProgress };
  if (options.rounding !== 'nearest') {
    const method = options.rounding === 'brecq' ? 'gptq' : options.rounding;
    const rounded = await roundThroughNoise(plan.model, spec, { ...common, batchSize, method });
    const done = rounded.layers.filter((layer) => layer.method !== 'nearest');
    const ratios = done.map(({ error = 0, nearestError = 0 }) => (nearestError === 0 ? 1 : error / nearestError));
    const gain = ratios.length === 0 ? '' : `, output error ${mean(ratios).toFixed(2)} of nearest on average`;
    const fit =
      rounded.reconstruction === 'symmetric' ? ', fitted to float inputs because real ones are too noisy' : '';
    const step = `${method} rounding of ${done.length} of ${rounded.layers.length} layers${gain}${fit}`;
    if (options.rounding !== 'brecq') return { model: rounded.model, spec: rounded.spec, steps: [step] };
    const { reconstruction, kernels } = options;
    const learned = await reconstructBlocks(plan.model, rounded, { ...common, ...reconstruction, kernels });
    return { model: learned.model, spec: learned.spec, steps: [step, describeBlocks(learned.blocks)] };
  }
  if (!options.correctBias) return { model: plan.model, spec, steps: [] };
  const samples = Math.min(options.samples, biasSamples);
  const { model, layers } = await correctBias(plan.model, spec, {
    ...common,
    batchSize: options.correctionBatchSize,
    samples,
  });
  return { model, spec: options.respecify(model), steps: [`bias correction of ${layers.length} layers`] };
}

function describeBlocks(blocks: readonly BlockReconstruction[]): string {
  const learned = blocks.filter(({ before, after }) => before !== undefined && after !== undefined && after < before);
  const ratios = learned.map(({ before = 1, after = 1 }) => after / before);
  const gain = ratios.length === 0 ? '' : `, output error ${mean(ratios).toFixed(2)} of before on average`;
  const splits = new Set(
    blocks.flatMap(({ reason, after }) => (reason === undefined || after === undefined ? [] : [reason])),
  );
  const single = splits.size === 0 ? '' : `; layers one by one where ${[...splits].join(', ')}`;
  return `block reconstruction of ${learned.length} of ${blocks.length} blocks${gain}${single}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
