import {
  type ConvolutionBackend,
  fullRange,
  InputDataError,
  minMaxObserver,
  NonFiniteDataError,
  type Observer,
  type ObserverType,
  type StatisticsBackend,
  type TensorView,
} from '@bitwright/core';
import { encodeModel, type Model } from '@bitwright/onnx';
import { tapExtremes, tapTensors } from './augment-graph';
import { convolutionOf } from './convolution-of';
import type { Feeds, SampleSource } from './feeds';
import { createFloatNetwork, type FloatNetwork } from './float-network/float-network';
import { type OnProgress, reportPhase, throwIfAborted } from './progress';
import type { AnyRangeSelector } from './range-selectors';
import { limitedBatches, sampleCount } from './sample-source';
import type { Runtime, Session } from './session';

/** Observers by tensor name. */
export type Observers = ReadonlyMap<string, Observer<unknown>>;

/** Statistics of one kind for many tensors, and how much data they saw. */
export interface CalibrationResult {
  readonly observers: Observers;
  readonly samples: number;
  readonly batches: number;
}

export interface CalibrateOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  /** Tensors to observe: model inputs or results of nodes. */
  readonly tensors: readonly string[];
  readonly observer: ObserverType<unknown>;
  readonly batchSize: number;
  /** Samples used at most. */
  readonly limit: number;
  /**
   * Faster loops for what observers count; default those of core. With float convolutions too, models that a {@link FloatNetwork} takes
   * run on those instead of in the runtime: the same values up to float rounding.
   */
  readonly backend?: (StatisticsBackend & Partial<ConvolutionBackend>) | undefined;
  /** Observers to go on with. */
  readonly before?: Observers | undefined;
  /** Called after every batch. */
  readonly onBatch?: ((observers: Observers, samples: number, batches: number) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Runs a float model over the samples and observes tensors, in memory that does not grow with the number of samples.
 *
 * @throws {InputDataError} when there is no sample
 * @throws {NonFiniteDataError} when a tensor becomes NaN or infinite
 */
export async function calibrate(model: Model, options: CalibrateOptions): Promise<CalibrationResult> {
  const observers = startObservers(options, options.observer);
  const inner = innerTensors(model, options.tensors);
  const network = await networkFor(model, inner, options);
  if (network !== undefined) return runNetwork(network, observers, options);
  const tapped = tapTensors(model, inner);
  const session = await options.runtime.createSession(encodeModel(tapped), { spinning: false });
  try {
    return await runSession(session, inner, observers, options, (name, results, feeds) => {
      const tensor = results[name] ?? feeds[name];
      return tensor === undefined ? undefined : { data: tensor.data as Float32Array, shape: tensor.dims };
    });
  } finally {
    await session.release();
  }
}

/**
 * The same for minimum and maximum only: the reductions run inside the graph, so two numbers per tensor and run leave the runtime.
 */
export async function calibrateExtremes(
  model: Model,
  options: Omit<CalibrateOptions, 'observer'>,
): Promise<CalibrationResult> {
  const observers = startObservers(options, minMaxObserver);
  const network = await networkFor(model, innerTensors(model, options.tensors), options);
  if (network !== undefined) return runNetwork(network, observers, options);
  const tapped = tapExtremes(model, options.tensors);
  const session = await options.runtime.createSession(encodeModel(tapped.model), { spinning: false });
  const outputs = [...tapped.taps.values()].flatMap(({ min, max }) => [min, max]);
  try {
    return await runSession(session, outputs, observers, options, (name, results) => {
      const tap = tapped.taps.get(name);
      if (tap === undefined) return undefined;
      const extremes = [tap.min, tap.max].map((output) => Number(results[output]?.data[0]));
      return { data: Float32Array.from(extremes), shape: [2] };
    });
  } finally {
    await session.release();
  }
}

/** Whether a selector needs nothing but extremes, so that they can be reduced inside the graph. */
export function needsOnlyExtremes(selector: AnyRangeSelector): boolean {
  return selector === fullRange;
}

function startObservers(
  { tensors, before, backend }: Pick<CalibrateOptions, 'tensors' | 'before' | 'backend'>,
  type: ObserverType<unknown>,
): Observers {
  const common = backend === undefined ? {} : { backend };
  return new Map(tensors.map((tensor) => [tensor, before?.get(tensor) ?? type.create({ tensor, ...common })]));
}

/** Tensors that nodes compute. */
function innerTensors(model: Model, tensors: readonly string[]): readonly string[] {
  const inputs = new Set(model.graph?.input.map((input) => input.name));
  return tensors.filter((tensor) => !inputs.has(tensor));
}

async function networkFor(
  model: Model,
  tensors: readonly string[],
  { backend, runtime }: Omit<CalibrateOptions, 'observer'>,
): Promise<FloatNetwork | undefined> {
  const kernels = convolutionOf(backend);
  return kernels === undefined ? undefined : createFloatNetwork(model, { kernels, runtime, tensors });
}

function runNetwork(
  network: FloatNetwork,
  observers: Observers,
  options: Omit<CalibrateOptions, 'observer'>,
): Promise<CalibrationResult> {
  return runBatches(observers, options, async (feeds) => {
    for (const [name, { data, dims }] of Object.entries(feeds)) {
      observers.get(name)?.observe({ data: data as Float32Array, shape: dims });
    }
    network.run(feeds, (name, view) => observers.get(name)?.observe(view));
  });
}

function runSession(
  session: Session,
  outputs: readonly string[],
  observers: Observers,
  options: Omit<CalibrateOptions, 'observer'>,
  viewOf: (tensor: string, results: Awaited<ReturnType<Session['run']>>, feeds: Feeds) => TensorView | undefined,
): Promise<CalibrationResult> {
  const wanted = outputs.length > 0 ? outputs : session.outputs.slice(0, 1);
  return runBatches(observers, options, async (feeds) => {
    const results = await session.run(feeds, wanted);
    for (const [name, observer] of observers) {
      const view = viewOf(name, results, feeds);
      if (view !== undefined) observer.observe(view);
    }
    session.discard?.(results);
  });
}

async function runBatches(
  observers: Observers,
  options: Omit<CalibrateOptions, 'observer'>,
  observeBatch: (feeds: Feeds) => Promise<void>,
): Promise<CalibrationResult> {
  const { source, limit, batchSize, onBatch } = options;
  const total = source.length === undefined ? undefined : Math.min(source.length, limit);
  const progress = reportPhase('calibrate', total, options.onProgress);
  let samples = 0;
  let batches = 0;
  for await (const feeds of limitedBatches(source, batchSize, limit)) {
    throwIfAborted(options.signal, 'calibrate');
    const count = sampleCount(feeds);
    if (count === 0) continue;
    assertFinite(feeds, samples);
    await observeBatch(feeds);
    samples += count;
    batches += 1;
    progress.advance(count);
    await onBatch?.(observers, samples, batches);
  }
  if (samples === 0) {
    throw new InputDataError({
      operation: '[ptq] calibrate',
      expected: 'at least one calibration sample',
      received: `none (${source.description})`,
      hint: 'A few hundred samples like those of training are a good start.',
    });
  }
  return { observers, samples, batches };
}

function assertFinite(feeds: Feeds, firstSample: number): void {
  for (const [name, tensor] of Object.entries(feeds)) {
    if (!(tensor.data instanceof Float32Array)) continue;
    const { data } = tensor;
    // A sum of v·0 is NaN as soon as one v is NaN or infinite: one cheap pass, the exact count only when it fails.
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += (data[i] as number) * 0;
    if (sum === 0) continue;
    let bad = 0;
    let first = -1;
    data.forEach((v, i) => {
      if (Number.isFinite(v)) return;
      bad += 1;
      if (first < 0) first = i;
    });
    const perSample = data.length / (tensor.dims[0] ?? 1);
    throw new NonFiniteDataError({
      operation: '[ptq] calibrate',
      expected: `finite values for input "${name}"`,
      received: `${bad} NaN or infinite, first in sample ${firstSample + Math.floor(first / perSample)}`,
      hint: 'Check the preprocessing of the calibration data.',
    });
  }
}
