import { seededRandom } from '@bitwright/core';
import { graphIndex, type Model, type Node, tensorToFloat32 } from '@bitwright/onnx';
import type { Observers } from '../calibrate';
import type { QuantizationPlan } from '../plan';
import { withQuantizedActivation, withQuantizedWeight, withWeight } from '../probe/candidates';
import type { OutputDistance } from '../probe/output-distance';
import type { OutputProbe } from '../probe/output-probe';
import { type OnProgress, reportPhase, throwIfAborted } from '../progress';
import type { AnyRangeSelector } from '../range-selectors';
import { narrowActivation, narrowWeight } from '../rounding/narrow-schemes';
import type { RoundedWeights } from './round-to-widths';

/**
 * How much a layer minds fewer bits, as a loss that adds up over layers:
 *   sqnr     noise-to-signal ratio of the model's outputs with only this layer quantized
 *   kl       KL divergence of the softmax of the outputs, likewise (noise-to-signal where there is no softmax to speak of)
 *   hessian  (Tr(F)/n)·‖ΔW‖² of its weights (HAWQ-V2), F the Fisher information; activations as with `kl`
 */
export type SensitivityMetric = 'sqnr' | 'kl' | 'hessian';

/** Losses of one layer, by the bits of its weights and of the activation it reads; 8 bits are measured like all others. */
export interface LayerSensitivity {
  readonly node: string;
  readonly weight: string;
  readonly parameters: number;
  /** Leading tensor of the activation it reads. */
  readonly activation: string | undefined;
  readonly weightLoss: Readonly<Record<number, number>>;
  readonly activationLoss: Readonly<Record<number, number>>;
}

export interface SensitivityOptions {
  readonly plan: QuantizationPlan;
  readonly layers: readonly Node[];
  readonly observers: Observers;
  readonly probe: OutputProbe;
  readonly metric: SensitivityMetric;
  readonly weightBits: readonly number[];
  readonly activationBits: readonly number[];
  readonly activationRange: AnyRangeSelector;
  readonly weightRange: AnyRangeSelector;
  /** Weights that were rounded adaptively, where they will be; others go to the nearest points. */
  readonly rounded?: RoundedWeights | undefined;
  /** Random directions per layer for the trace. Default 4. */
  readonly draws?: number;
  /** Of those directions. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Quantizes one layer at a time and measures what becomes of the model's outputs, in the real runtime on the samples of the probe.
 *
 * An activation that several layers read is measured once and counted for the first of them.
 */
export async function measureSensitivity(options: SensitivityOptions): Promise<readonly LayerSensitivity[]> {
  const { plan, layers, metric, probe, signal } = options;
  const { model, placement } = plan;
  const index = model.graph === undefined ? undefined : graphIndex(model.graph);
  const counted = new Set<string>();
  const progress = reportPhase('search', layers.length, options.onProgress);
  const results: LayerSensitivity[] = [];
  for (const [order, node] of layers.entries()) {
    throwIfAborted(signal, 'search');
    const weight = node.input[1] ?? '';
    const placed = placement.weights.get(weight);
    const tensor = index?.initializer(weight);
    if (placed === undefined || tensor === undefined) continue;
    const values = tensorToFloat32(tensor);
    const trace =
      metric === 'hessian' ? await meanFisherTrace(model, weight, values, probe, options, order) : undefined;
    const weightLoss: Record<number, number> = {};
    for (const bits of options.weightBits) {
      const rounded = options.rounded?.get(bits)?.get(weight);
      const candidate =
        rounded === undefined
          ? withQuantizedWeight(model, weight, narrowWeight(placed.scheme, bits), options.weightRange)
          : { model: withWeight(model, weight, rounded), squaredError: squaredDistance(values, rounded) };
      weightLoss[bits] =
        trace === undefined ? lossOf(await probe.measure(candidate.model), metric) : trace * candidate.squaredError;
    }
    const activation = placement.activations.get(node.input[0] ?? '')?.leader;
    const activationLoss: Record<number, number> = {};
    if (activation !== undefined && !counted.has(activation)) {
      counted.add(activation);
      const scheme = placement.activations.get(activation)?.scheme;
      for (const bits of scheme === undefined ? [] : options.activationBits) {
        const narrow = narrowActivation(scheme as NonNullable<typeof scheme>, bits);
        const candidate = withQuantizedActivation(plan, activation, narrow, options.observers, options.activationRange);
        activationLoss[bits] = lossOf(await probe.measure(candidate), metric);
      }
    }
    results.push({ node: node.name, weight, parameters: values.length, activation, weightLoss, activationLoss });
    progress.advance(1);
  }
  return results;
}

// — internals —

function lossOf({ noiseToSignal, divergence }: OutputDistance, metric: SensitivityMetric): number {
  return metric === 'sqnr' ? noiseToSignal : (divergence ?? noiseToSignal);
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, v, i) => sum + (v - (b[i] as number)) ** 2, 0);
}

/** Size of a random step, relative to the root mean square of the weights: small enough for a quadratic, far above float32 noise. */
const relativeStep = 0.05;

/**
 * Tr(F)/n of one weight tensor by Hutchinson's estimator, with forward runs only:
 *
 *   KL(p‖p(w + εv)) ≈ ½·ε²·vᵀFv,   v ∈ {±1}ⁿ   ⇒   Tr(F) ≈ mean over draws of 2·KL/ε²
 *
 * F is the Fisher information, which is the Hessian of the cross entropy where the model fits its data.
 *
 * @see Dong et al. 2020 (HAWQ-V2), arXiv:1911.03852, whose trace needs gradients
 */
async function meanFisherTrace(
  model: Model,
  weight: string,
  values: Float32Array,
  probe: OutputProbe,
  { draws = 4, seed = 0 }: SensitivityOptions,
  order: number,
): Promise<number> {
  const random = seededRandom((seed + Math.imul(order + 1, 0x9e3779b9)) >>> 0);
  const rms = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / Math.max(1, values.length));
  if (rms === 0) return 0;
  const step = relativeStep * rms;
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    const moved = values.map((v) => v + (random.next() < 0.5 ? -step : step));
    const { divergence, noiseToSignal } = await probe.measure(withWeight(model, weight, moved));
    sum += (2 * (divergence ?? noiseToSignal)) / (step * step);
  }
  return sum / draws / values.length;
}
