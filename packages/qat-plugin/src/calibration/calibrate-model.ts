import {
  AbortedError,
  type HistogramStats,
  InvalidArgumentError,
  NotCalibratedError,
  type RangeSelector,
} from '@bitwright/core';
import { slice, Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { slotsOf, walkLayers } from '../graph/walk-layers';
import { QuantizeActivation } from '../layers/quantize-activation';
import { type TensorObserver, tensorObserver } from './calibrate-tensor';

/** One batch: a tensor, or one per input of the model. */
export type SampleBatch = Tensor | readonly Tensor[];

/** A tensor of many samples, an array of batches, or a generator of batches, which are disposed after use. */
export type Samples = SampleBatch | Iterable<SampleBatch> | AsyncIterable<SampleBatch>;

export interface CalibrateOptions {
  /** Samples per forward pass when one tensor holds many. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs samples through the float network, collects statistics of every quantized activation in constant memory, and sets the
 * quantizers from them.
 *
 * @throws {NotCalibratedError} when there are no samples
 * @throws {NonFiniteDataError} naming the tensor that holds NaN or infinities
 */
export async function calibrateModel(
  model: LayersModel,
  samples: Samples,
  selector: RangeSelector<HistogramStats> | undefined,
  options: CalibrateOptions = {},
): Promise<void> {
  const layers = walkLayers(model).flatMap(({ layer }) => (layer instanceof QuantizeActivation ? [layer] : []));
  const observers = new Map<QuantizeActivation, TensorObserver>();
  const modes = slotsOf(model).map((slot) => [slot, slot.state.mode] as const);
  try {
    for (const [slot] of modes) slot.state.mode = 'off';
    for (const layer of layers) {
      const slot = layer.slots[0];
      if (slot === undefined) continue;
      const observer = tensorObserver(slot.tensor, slot.context, selector);
      observers.set(layer, observer);
      slot.state.mode = 'observe';
      layer.observe = (x) => observer.observe({ data: x.dataSync<'float32'>(), shape: x.shape });
    }
    const count = await runSamples(model, samples, options);
    if (count === 0) throw withoutSamples();
  } finally {
    for (const layer of layers) layer.observe = undefined;
    for (const [slot, mode] of modes) slot.state.mode = mode;
  }
  for (const [layer, observer] of observers) layer.slots[0]?.initialise(observer.finish());
}

// — internals —

async function runSamples(model: LayersModel, samples: Samples, options: CalibrateOptions): Promise<number> {
  const inputs = model.inputs.length;
  if (samples instanceof Tensor) return runSliced(model, [samples], options);
  if (isOneBatch(samples, inputs)) return runSliced(model, samples, options);
  const isOwned = Array.isArray(samples);
  let count = 0;
  for await (const batch of samples as AsyncIterable<SampleBatch>) {
    assertNotAborted(options.signal);
    count += runBatch(model, batch instanceof Tensor ? [batch] : batch);
    if (!isOwned) for (const one of batch instanceof Tensor ? [batch] : batch) one.dispose();
  }
  return count;
}

function isOneBatch(samples: Samples, inputs: number): samples is readonly Tensor[] {
  return (
    inputs > 1 && Array.isArray(samples) && samples.length === inputs && samples.every((one) => one instanceof Tensor)
  );
}

function runSliced(model: LayersModel, tensors: readonly Tensor[], options: CalibrateOptions): number {
  const total = tensors[0]?.shape[0] ?? 0;
  const size = options.batchSize ?? 32;
  for (let start = 0; start < total; start += size) {
    assertNotAborted(options.signal);
    const batch = tensors.map((one) => slice(one, [start], [Math.min(size, total - start)]));
    runBatch(model, batch);
    for (const one of batch) one.dispose();
  }
  return total;
}

function runBatch(model: LayersModel, batch: readonly Tensor[]): number {
  if (batch.length !== model.inputs.length) {
    throw new InvalidArgumentError({
      operation: '[qat-plugin] calibrate',
      expected: `${model.inputs.length} tensors per batch, one per input of the model`,
      received: String(batch.length),
    });
  }
  const outputs = model.predictOnBatch(batch.length === 1 ? (batch[0] as Tensor) : [...batch]);
  for (const output of Array.isArray(outputs) ? outputs : [outputs]) output.dispose();
  return batch[0]?.shape[0] ?? 0;
}

function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new AbortedError({
    operation: '[qat-plugin] calibrate',
    expected: 'to run to its end',
    received: 'an abort',
    cause: signal.reason,
  });
}

function withoutSamples(): NotCalibratedError {
  return new NotCalibratedError({
    operation: '[qat-plugin] calibrate',
    expected: 'at least one sample',
    received: 'none',
    hint: 'Pass a tensor of inputs, or an iterable of batches.',
  });
}
