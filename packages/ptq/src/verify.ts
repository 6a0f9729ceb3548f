import { addErrors, type ErrorMetrics, type ErrorSums, emptyErrorSums, finishErrors } from '@bitwright/core';
import type { SampleSource } from './feeds';
import { type OnProgress, reportPhase, throwIfAborted } from './progress';
import { limitedBatches, sampleCount } from './sample-source';
import type { Runtime } from './session';

/** How close one output of the exported file is to the float model's. */
export interface OutputComparison extends ErrorMetrics {
  readonly output: string;
  /** Values that were NaN or infinite in the exported model only. */
  readonly nonFinite: number;
}

export interface VerifyOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly batchSize: number;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface Verification {
  readonly samples: number;
  readonly outputs: readonly OutputComparison[];
}

/**
 * Runs the float and the exported model on the same samples, both as the runtime really executes them, and compares per output.
 *
 * @throws {RuntimeError} when the exported model does not load or run
 */
export async function verifyExported(
  float: Uint8Array,
  exported: Uint8Array,
  options: VerifyOptions,
): Promise<Verification> {
  const reference = await options.runtime.createSession(float);
  const tested = await options.runtime.createSession(exported);
  try {
    const sums = new Map(reference.outputs.map((name) => [name, { errors: emptyErrorSums(), nonFinite: 0 }]));
    const progress = reportPhase(
      'verify',
      options.source.length === undefined ? undefined : Math.min(options.source.length, options.limit),
      options.onProgress,
    );
    let samples = 0;
    for await (const feeds of limitedBatches(options.source, options.batchSize, options.limit)) {
      throwIfAborted(options.signal, 'verify');
      const [expected, actual] = [await reference.run(feeds), await tested.run(feeds)];
      for (const [name, sum] of sums) {
        const a = expected[name]?.data;
        const b = actual[name]?.data;
        if (a instanceof Float32Array && b instanceof Float32Array) addFiniteErrors(sum, a, b);
      }
      samples += sampleCount(feeds);
      progress.advance(sampleCount(feeds));
    }
    return {
      samples,
      outputs: [...sums].map(([output, sum]) => ({ output, ...finishErrors(sum.errors), nonFinite: sum.nonFinite })),
    };
  } finally {
    await reference.release();
    await tested.release();
  }
}

function addFiniteErrors(
  sum: { readonly errors: ErrorSums; nonFinite: number },
  expected: Float32Array,
  actual: Float32Array,
): void {
  let bad = 0;
  for (let i = 0; i < actual.length; i++) {
    if (!Number.isFinite(actual[i] as number) && Number.isFinite(expected[i] as number)) bad += 1;
  }
  sum.nonFinite += bad;
  addErrors(sum.errors, expected, actual);
}
