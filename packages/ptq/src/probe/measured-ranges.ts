import type { LinearScheme } from '@bitwright/core';
import { graphIndex, type Model } from '@bitwright/onnx';
import type { Observers } from '../calibrate';
import type { QuantizationPlan } from '../plan';
import { type OnProgress, reportPhase, throwIfAborted } from '../progress';
import { type AnyRangeSelector, resolveRangeSelector } from '../range-selectors';
import { chooseWeight } from '../weight-choice';
import { withQuantizedActivation, withQuantizedWeight } from './candidates';
import type { OutputProbe } from './output-probe';

/** What an automatic choice tries: all of them read histograms, so one calibration serves every candidate. */
const activationCandidates: readonly string[] = [
  'mse',
  'minmax',
  'mse(2.4)',
  'percentile(99.99)',
  'percentile(99.9)',
  'entropy',
];
const weightCandidates: readonly string[] = ['minmax', 'mse', 'mse(2.4)'];

export interface MeasuredRangesOptions {
  readonly plan: QuantizationPlan;
  /** Histograms of the leading activation tensors. */
  readonly observers: Observers;
  readonly probe: OutputProbe;
  /** Which roles are chosen by measurement. */
  readonly roles: { readonly activations: boolean; readonly weights: boolean };
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** The selector of each tensor, and what became of the outputs with each candidate. */
export interface MeasuredRanges {
  readonly selectors: ReadonlyMap<string, AnyRangeSelector>;
  readonly choices: readonly RangeChoice[];
}

export interface RangeChoice {
  readonly tensor: string;
  readonly role: 'activation' | 'weight';
  /** Id of the selector with the smallest error; the first one wins ties. */
  readonly chosen: string;
  /** Noise-to-signal ratio of the model's outputs with only this tensor quantized, by selector id. */
  readonly noiseToSignal: Readonly<Record<string, number>>;
}

/**
 * Chooses a range selector per tensor by measured error: each candidate quantizes this tensor alone, the model runs, and the one
 * whose outputs stay closest to float is taken. A range that is best for the tensor's own values need not be best for what the
 * network makes of them, which is what a score on the histogram cannot see.
 *
 * Candidates that give a tensor the same parameters are run once.
 */
export async function measureRanges(options: MeasuredRangesOptions): Promise<MeasuredRanges> {
  const { plan, observers, probe, roles, signal } = options;
  const { placement } = plan;
  const tasks: Task[] = [];
  if (roles.activations) {
    for (const { tensor, leader, scheme } of placement.activations.values()) {
      if (tensor === leader) tasks.push(activationTask(plan, tensor, scheme, observers));
    }
  }
  if (roles.weights) {
    for (const { tensor, scheme } of placement.weights.values()) tasks.push(weightTask(plan.model, tensor, scheme));
  }
  const progress = reportPhase('search', tasks.length, options.onProgress);
  const selectors = new Map<string, AnyRangeSelector>();
  const choices: RangeChoice[] = [];
  for (const task of tasks) {
    throwIfAborted(signal, 'search');
    const measured = new Map<string, number>();
    const noiseToSignal: Record<string, number> = {};
    let best: AnyRangeSelector | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const selector of task.candidates) {
      const key = task.parametersOf(selector);
      const noise = measured.get(key) ?? (await probe.measure(task.model(selector))).noiseToSignal;
      measured.set(key, noise);
      noiseToSignal[selector.id] = noise;
      if (noise >= least) continue;
      least = noise;
      best = selector;
    }
    if (best !== undefined) {
      selectors.set(task.tensor, best);
      choices.push({ tensor: task.tensor, role: task.role, chosen: best.id, noiseToSignal });
    }
    progress.advance(1);
  }
  return { selectors, choices };
}

// — internals —

/** One tensor and its candidates. */
interface Task {
  readonly tensor: string;
  readonly role: RangeChoice['role'];
  readonly candidates: readonly AnyRangeSelector[];
  /** A text that is equal where the candidate gives equal parameters. */
  parametersOf(selector: AnyRangeSelector): string;
  model(selector: AnyRangeSelector): Model;
}

function activationTask(plan: QuantizationPlan, tensor: string, scheme: LinearScheme, observers: Observers): Task {
  const stats = observers.get(tensor)?.stats();
  return {
    tensor,
    role: 'activation',
    candidates: activationCandidates.map(resolveRangeSelector),
    parametersOf(selector) {
      const { min, max } = selector.selectRange(stats, scheme);
      return `${min.join()};${max.join()}`;
    },
    model: (selector) => withQuantizedActivation(plan, tensor, scheme, observers, selector),
  };
}

function weightTask(model: Model, tensor: string, scheme: LinearScheme): Task {
  const constant = model.graph === undefined ? undefined : graphIndex(model.graph).initializer(tensor);
  return {
    tensor,
    role: 'weight',
    candidates: constant === undefined ? [] : weightCandidates.map(resolveRangeSelector),
    parametersOf(selector) {
      if (constant === undefined) return '';
      return chooseWeight(tensor, scheme, constant, selector).qparams.scale.join();
    },
    model: (selector) => withQuantizedWeight(model, tensor, scheme, selector).model,
  };
}
