import { InputDataError } from '@bitwright/core';
import type { Feeds, FeedTensor, SampleSource } from './feeds';
import { type OnProgress, reportPhase, throwIfAborted } from './progress';
import { limitedBatches, sampleCount } from './sample-source';
import type { Runtime, Session } from './session';

/** Top-1 accuracy and speed of a float model and its exported low-bit file, from one run. */
export interface Evaluation {
  readonly samples: number;
  /** Share of samples whose largest score is at the label, 0…1. */
  readonly float: { readonly top1: number };
  readonly quantized: { readonly top1: number };
  /** Share of samples on which both predict the same class. */
  readonly agreement: number;
}

/** Interleaved timing of two models on the same feeds. */
export interface LatencyComparison {
  /** Milliseconds of the fastest run: what other work on the machine stretches least. */
  readonly floatMs: number;
  readonly quantizedMs: number;
  /** floatMs/quantizedMs: above 1 the low-bit model is faster. */
  readonly ratio: number;
  /** Median over fastest run, of the model where that is larger: near 1 on a quiet machine. */
  readonly unrest: number;
  readonly batch: number;
  readonly runs: number;
  /** Threads inside one operator; undefined = the runtime's choice. */
  readonly threads: number | undefined;
}

export interface EvaluateOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly labels: ArrayLike<number>;
  readonly batchSize: number;
  /** Output with the class scores on its last axis; default the first. */
  readonly output?: string;
  /** What the float model predicts for these samples (`predictClasses`), so that it need not run again. */
  readonly floatPredictions?: Int32Array | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Classification accuracy of both models on the same labelled samples.
 *
 * @throws {InputDataError} when there are not as many labels as samples
 */
export async function evaluateClassifiers(
  float: Uint8Array,
  quantized: Uint8Array,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { labels, source } = options;
  if (source.length !== undefined && source.length !== labels.length)
    throw wrongLabelCount(source.length, labels.length);
  const known = options.floatPredictions;
  const all = await predictAll(known === undefined ? [float, quantized] : [quantized], options);
  const predictions = all.at(-1) as Int32Array;
  const reference = known ?? (all[0] as Int32Array);
  const samples = predictions.length;
  if (samples !== labels.length) throw wrongLabelCount(samples, labels.length);
  const share = (isHit: (i: number) => boolean): number => {
    let hits = 0;
    for (let i = 0; i < samples; i++) if (isHit(i)) hits += 1;
    return hits / samples;
  };
  return {
    samples,
    float: { top1: share((i) => reference[i] === labels[i]) },
    quantized: { top1: share((i) => predictions[i] === labels[i]) },
    agreement: share((i) => reference[i] === predictions[i]),
  };
}

/**
 * The class a model predicts for every sample of a source.
 *
 * @throws {InputDataError} when there are more samples than labels
 */
export async function predictClasses(
  model: Uint8Array,
  options: Omit<EvaluateOptions, 'floatPredictions'>,
): Promise<Int32Array> {
  const [predictions = new Int32Array(0)] = await predictAll([model], options);
  return predictions;
}

export interface LatencyOptions {
  readonly runtime: Runtime;
  readonly feeds: Feeds;
  /** Default 21. */
  readonly runs?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Until threads of the other model, which wait for work by spinning for a while, have gone to sleep. */
const pauseMs = 30;

/**
 * Times both models in turn (A B A B …), so that the machine's moods hit both alike. Before each timed run the other model's threads,
 * where it has any, get time to sleep, since they would hold the very cores this one wants, and one run that is not timed warms the caches.
 */
export async function compareLatency(
  float: Uint8Array,
  quantized: Uint8Array,
  options: LatencyOptions,
): Promise<LatencyComparison> {
  const { runs = 21, threads, runtime, feeds } = options;
  const sessionOptions = threads === undefined ? {} : { threads };
  const a = await runtime.createSession(float, sessionOptions);
  const b = await runtime.createSession(quantized, sessionOptions);
  try {
    const floatMs: number[] = [];
    const quantizedMs: number[] = [];
    for (let i = 0; i < runs; i++) {
      for (const [session, times] of [
        [a, floatMs],
        [b, quantizedMs],
      ] as const) {
        throwIfAborted(options.signal, 'evaluate');
        if (threads !== 1) await pause(pauseMs);
        await session.run(feeds);
        times.push(await timeRun(session, feeds));
      }
    }
    const [float, quantized] = [Math.min(...floatMs), Math.min(...quantizedMs)];
    return {
      floatMs: float,
      quantizedMs: quantized,
      ratio: float / quantized,
      unrest: Math.max(median(floatMs) / float, median(quantizedMs) / quantized),
      batch: sampleCount(feeds),
      runs,
      threads,
    };
  } finally {
    await a.release();
    await b.release();
  }
}

/** Predictions of several models from one pass over the samples. */
async function predictAll(
  models: readonly Uint8Array[],
  options: Omit<EvaluateOptions, 'floatPredictions'>,
): Promise<readonly Int32Array[]> {
  const { source, labels, runtime, batchSize, signal } = options;
  const sessions: Session[] = [];
  try {
    for (const model of models) sessions.push(await runtime.createSession(model));
    const output = options.output ?? sessions[0]?.outputs[0] ?? '';
    const progress = reportPhase('evaluate', source.length, options.onProgress);
    const predictions = models.map(() => new Int32Array(labels.length));
    let samples = 0;
    for await (const feeds of limitedBatches(source, batchSize, Number.POSITIVE_INFINITY)) {
      const count = sampleCount(feeds);
      if (samples + count > labels.length) throw wrongLabelCount(samples + count, labels.length);
      for (const [i, session] of sessions.entries()) {
        throwIfAborted(signal, 'evaluate');
        const scores = (await session.run(feeds, [output]))[output];
        if (scores !== undefined) predictions[i]?.set(argmaxRows(scores), samples);
      }
      samples += count;
      progress.advance(count);
    }
    return predictions.map((classes) => classes.subarray(0, samples));
  } finally {
    await Promise.all(sessions.map((session) => session.release()));
  }
}

async function timeRun(session: Session, feeds: Feeds): Promise<number> {
  const start = performance.now();
  await session.run(feeds);
  return performance.now() - start;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Index of the largest value along the last axis, first one wins; one result per sample (other axes must be of size 1). */
export function argmaxRows(tensor: Pick<FeedTensor, 'data' | 'dims'>): Int32Array {
  const rows = tensor.dims[0] ?? 1;
  const classes = tensor.data.length / rows;
  const result = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if (Number(tensor.data[r * classes + c]) > Number(tensor.data[r * classes + best])) best = c;
    }
    result[r] = best;
  }
  return result;
}

function wrongLabelCount(samples: number, labels: number): InputDataError {
  return new InputDataError({
    operation: '[ptq] evaluateClassifiers',
    expected: `one label per sample (${samples})`,
    received: `${labels} labels`,
  });
}
