import { InputDataError } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { fixedBatchSize } from './batch-of-one';
import type { FeedArray, Feeds, FeedTensor, SampleSource } from './feeds';

/** What callers may pass as calibration or evaluation data. */
export type SampleInput = SampleSource | readonly Feeds[] | AsyncIterable<Feeds>;

/** Number of samples in one set of feeds: the length of the first axis, which all inputs must share. */
export function sampleCount(feeds: Feeds): number {
  const counts = Object.entries(feeds).map(([name, tensor]): [string, number] => [name, tensor.dims[0] ?? 1]);
  const first = counts[0];
  if (first === undefined) {
    throw new InputDataError({
      operation: '[ptq] feeds',
      expected: 'a value for every model input',
      received: 'an empty object',
    });
  }
  const other = counts.find(([, count]) => count !== first[1]);
  if (other !== undefined) {
    throw new InputDataError({
      operation: '[ptq] feeds',
      expected: `${first[1]} samples (first axis) for every input, as in "${first[0]}"`,
      received: `${other[1]} for "${other[0]}"`,
    });
  }
  return first[1];
}

/** Samples of a one-time stream that are kept for later passes (verification, timing). */
const keptSamples = 64;

/**
 * One face for all kinds of data. Arrays and sources can be read again and again. A bare async iterable streams once; later
 * passes see only its first 64 samples, so that memory does not grow with its length.
 *
 * @param model where given, a source is asked for batches of the size that this model fixes, whatever a step would rather have at a
 *   time: a model exported with a batch of 1 takes no other. One that leaves its first axis open changes nothing.
 */
export function asSampleSource(data: SampleInput, model?: Model): SampleSource {
  if ('batches' in data) return model === undefined ? data : inModelBatches(data, model);
  if (Array.isArray(data)) return arraySource(data as readonly Feeds[]);
  return streamSource(data as AsyncIterable<Feeds>);
}

function inModelBatches(source: SampleSource, model: Model): SampleSource {
  const fixed = fixedBatchSize(model);
  if (fixed === undefined) return source;
  return { length: source.length, description: source.description, batches: () => source.batches(fixed) };
}

function streamSource(stream: AsyncIterable<Feeds>): SampleSource {
  const kept: Feeds[] = [];
  let keptCount = 0;
  let isUsed = false;
  return {
    length: undefined,
    description: 'async iterable',
    async *batches() {
      if (isUsed) {
        yield* kept;
        return;
      }
      isUsed = true;
      for await (const feeds of stream) {
        if (keptCount < keptSamples) {
          const part = takeSamples(feeds, keptSamples - keptCount);
          kept.push(part);
          keptCount += sampleCount(part);
        }
        yield feeds;
      }
    },
  };
}

function arraySource(feeds: readonly Feeds[]): SampleSource {
  return {
    length: feeds.reduce((count, batch) => count + sampleCount(batch), 0),
    description: `${feeds.length} feeds in memory`,
    async *batches() {
      yield* feeds;
    },
  };
}

/** The first `count` samples of a set of feeds, as views. */
export function takeSamples(feeds: Feeds, count: number): Feeds {
  if (sampleCount(feeds) <= count) return feeds;
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, takeRows(tensor, count)]));
}

function takeRows(tensor: FeedTensor, count: number): FeedTensor {
  const rowLength = tensor.data.length / (tensor.dims[0] ?? 1);
  const data: FeedArray = tensor.data.subarray(0, rowLength * count);
  return { type: tensor.type, data, dims: [count, ...tensor.dims.slice(1)] };
}

/** At most `limit` samples of a source, batch by batch. */
export async function* limitedBatches(source: SampleSource, batchSize: number, limit: number): AsyncGenerator<Feeds> {
  let remaining = limit;
  if (remaining <= 0) return;
  for await (const feeds of source.batches(batchSize)) {
    const batch = takeSamples(feeds, remaining);
    remaining -= sampleCount(batch);
    yield batch;
    if (remaining <= 0) return;
  }
}
