import { AbortedError, InputDataError } from '@bitwright/core';
import { argmaxRows } from '@bitwright/ptq';
import type { IntegerModel, RealTensor } from '@bitwright/runtime';
import type { OpenedSamples } from '../data/sample-source';

export interface RunSamplesOptions {
  readonly batchSize: number;
  /** Class of every sample in the data. */
  readonly labels: Int32Array | undefined;
  /** Keep the outputs; without it only what is measured stays in memory. */
  readonly isKept: boolean;
  readonly signal: AbortSignal;
  onProgress(done: number): void;
}

/** What came out of all samples. */
export interface SampleRun {
  readonly samples: number;
  /** Time inside the model, over all samples. */
  readonly milliseconds: number;
  /** Share of samples whose largest value is at their label. */
  readonly top1: number | undefined;
  /** Name and shape of the first output, and its values where they were kept. */
  readonly output: { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array };
}

/**
 * Runs a packed model on every sample.
 *
 * @throws {AbortedError} when cancelled
 * @throws {InputDataError} when there is no sample, or outputs change their shape
 */
export async function runSamples(
  model: IntegerModel,
  samples: OpenedSamples,
  { batchSize, labels, isKept, signal, onProgress }: RunSamplesOptions,
): Promise<SampleRun> {
  const name = model.outputs[0]?.name ?? '';
  const parts: Float32Array[] = [];
  let [count, hits, milliseconds] = [0, 0, 0];
  let rowShape: readonly number[] | undefined;
  for await (const { feeds, indices } of samples.indexedBatches(batchSize)) {
    if (signal.aborted)
      throw new AbortedError({ operation: 'run', expected: 'to finish', received: 'a request to cancel' });
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([input, { data, dims }]): [string, RealTensor] => [
        input,
        { data: data as Float32Array, shape: dims },
      ]),
    );
    const start = performance.now();
    const output = model.run(inputs)[name];
    milliseconds += performance.now() - start;
    if (output === undefined) throw refuse('an output', 'none');
    const row = output.shape.slice(1);
    if (rowShape !== undefined && row.join() !== rowShape.join()) {
      throw refuse(`[${rowShape.join(',')}] for every sample`, `[${row.join(',')}]`);
    }
    rowShape = row;
    if (isKept) parts.push(output.data);
    if (labels !== undefined) hits += countHits(output.data, indices, labels);
    count += indices.length;
    onProgress(count);
  }
  if (rowShape === undefined) throw refuse('at least one sample', 'none');
  return {
    samples: count,
    milliseconds,
    top1: labels === undefined ? undefined : hits / count,
    output: { name, shape: [count, ...rowShape], data: joined(parts) },
  };
}

// — internals —

function countHits(outputs: Float32Array, indices: readonly number[], labels: Int32Array): number {
  const classes = argmaxRows({ data: outputs, dims: [indices.length, outputs.length / indices.length] });
  return indices.filter((index, i) => classes[i] === labels[index]).length;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function refuse(expected: string, received: string): InputDataError {
  return new InputDataError({ operation: '[bitwright] run', expected, received });
}
