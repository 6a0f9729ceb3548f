import { InputDataError } from '@bitwright/core';
import { encodeModel, type Model } from '@bitwright/onnx';
import type { Feeds, FeedTensor, SampleSource } from '../feeds';
import { throwIfAborted } from '../progress';
import { limitedBatches } from '../sample-source';
import type { Runtime } from '../session';
import { distanceSums, type OutputDistance } from './output-distance';

export interface OutputProbeOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  /** Samples held in memory and run for every candidate. Default 64. */
  readonly samples?: number | undefined;
  /** Default 32. */
  readonly batchSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Measures candidates against a float model: the same few samples, all outputs, in the real runtime. */
export interface OutputProbe {
  readonly samples: number;
  /** @throws {RuntimeError} when the runtime refuses the candidate */
  measure(candidate: Model): Promise<OutputDistance>;
}

/**
 * Runs the float model once and keeps its outputs; memory is that of the few samples and their outputs.
 *
 * @throws {InputDataError} when there is no sample
 */
export async function createOutputProbe(model: Model, options: OutputProbeOptions): Promise<OutputProbe> {
  const { runtime, source, samples = 64, batchSize = 32, signal } = options;
  const feeds: Feeds[] = [];
  for await (const batch of limitedBatches(source, batchSize, samples)) feeds.push(batch);
  if (feeds.length === 0) {
    throw new InputDataError({
      operation: '[ptq] createOutputProbe',
      expected: 'at least one sample',
      received: `none (${source.description})`,
    });
  }
  const run = async (candidate: Model): Promise<readonly Readonly<Record<string, FeedTensor>>[]> => {
    const session = await runtime.createSession(encodeModel(candidate));
    const results: Readonly<Record<string, FeedTensor>>[] = [];
    try {
      for (const batch of feeds) {
        throwIfAborted(signal, 'search');
        results.push(await session.run(batch));
      }
    } finally {
      await session.release();
    }
    return results;
  };
  const expected = await run(model);
  return {
    samples,
    async measure(candidate) {
      const actual = await run(candidate);
      const sums = distanceSums();
      for (const [i, outputs] of expected.entries()) {
        for (const [name, tensor] of Object.entries(outputs)) {
          const other = actual[i]?.[name];
          if (tensor.data instanceof Float32Array && other?.data instanceof Float32Array) sums.add(name, tensor, other);
        }
      }
      return sums.finish();
    },
  };
}
