import { InputDataError } from '@bitwright/core';
import type { SampleSource } from './feeds';
import { type OnProgress, reportPhase, throwIfAborted } from './progress';
import { limitedBatches, sampleCount } from './sample-source';
import type { Session } from './session';

export interface RunSamplesOptions {
  readonly source: SampleSource;
  /** Samples per run. Default 32. */
  readonly batchSize?: number | undefined;
  /** Samples used at most. Default 256. */
  readonly samples?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Runs samples through a session that reduces inside its graph, hands the outputs of each run to `add` with the number of samples
 * behind them, and releases the session.
 *
 * @param operation who asks, for the message
 * @returns how many samples there were
 * @throws {InputDataError} when there is no sample
 * @throws {AbortedError} when cancelled
 */
export async function runSamples(
  operation: string,
  session: Session,
  outputs: readonly string[],
  options: RunSamplesOptions,
  add: (results: Awaited<ReturnType<Session['run']>>, count: number) => void,
): Promise<number> {
  const { source, batchSize = 32, samples: limit = 256, signal } = options;
  const total = source.length === undefined ? undefined : Math.min(source.length, limit);
  const progress = reportPhase('calibrate', total, options.onProgress);
  let samples = 0;
  try {
    for await (const feeds of limitedBatches(source, batchSize, limit)) {
      throwIfAborted(signal, 'calibrate');
      const count = sampleCount(feeds);
      if (count === 0) continue;
      add(await session.run(feeds, outputs), count);
      samples += count;
      progress.advance(count);
    }
  } finally {
    await session.release();
  }
  if (samples > 0) return samples;
  throw new InputDataError({ operation, expected: 'at least one sample', received: `none (${source.description})` });
}
